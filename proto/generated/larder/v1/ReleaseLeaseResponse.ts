// Original file: proto/larder/v1/catalog.proto


export interface ReleaseLeaseResponse {
}

export interface ReleaseLeaseResponse__Output {
}
