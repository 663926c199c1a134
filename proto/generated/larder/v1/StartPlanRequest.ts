// Original file: proto/larder/v1/plans.proto


export interface StartPlanRequest {
  'plan'?: (string);
}

export interface StartPlanRequest__Output {
  'plan': (string);
}
