// Original file: proto/larder/v1/space.proto


export interface ListPinsRequest {
}

export interface ListPinsRequest__Output {
}
