// Original file: proto/larder/v1/catalog.proto


export interface DeleteDatasetResponse {
}

export interface DeleteDatasetResponse__Output {
}
