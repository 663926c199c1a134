// Original file: proto/larder/v1/cluster.proto


export interface PushListingResponse {
}

export interface PushListingResponse__Output {
}
