// Original file: proto/larder/v1/preload.proto


export interface CancelPreloadResponse {
}

export interface CancelPreloadResponse__Output {
}
