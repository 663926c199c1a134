// Original file: proto/larder/v1/plans.proto


export interface EndPlanResponse {
}

export interface EndPlanResponse__Output {
}
