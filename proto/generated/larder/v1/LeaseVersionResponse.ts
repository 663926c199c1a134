// Original file: proto/larder/v1/catalog.proto


export interface LeaseVersionResponse {
}

export interface LeaseVersionResponse__Output {
}
