// Original file: proto/larder/v1/cluster.proto


export interface GetStatusRequest {
}

export interface GetStatusRequest__Output {
}
