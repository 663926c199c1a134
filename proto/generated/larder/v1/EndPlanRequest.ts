// Original file: proto/larder/v1/plans.proto


export interface EndPlanRequest {
  'job'?: (string);
}

export interface EndPlanRequest__Output {
  'job': (string);
}
