// Original file: proto/larder/v1/catalog.proto


export interface ListDatasetsRequest {
}

export interface ListDatasetsRequest__Output {
}
