// Original file: proto/larder/v1/plans.proto


export interface ListPlansRequest {
}

export interface ListPlansRequest__Output {
}
