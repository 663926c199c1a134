// Original file: proto/larder/v1/preload.proto


export interface ReleasePreloadResponse {
}

export interface ReleasePreloadResponse__Output {
}
