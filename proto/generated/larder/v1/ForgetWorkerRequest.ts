// Original file: proto/larder/v1/cluster.proto


export interface ForgetWorkerRequest {
  'worker'?: (string);
}

export interface ForgetWorkerRequest__Output {
  'worker': (string);
}
