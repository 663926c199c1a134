// Original file: proto/larder/v1/catalog.proto


export interface DeleteVersionResponse {
}

export interface DeleteVersionResponse__Output {
}
