// Original file: proto/larder/v1/cluster.proto


export interface WatchPlacementRequest {
}

export interface WatchPlacementRequest__Output {
}
