// Original file: proto/larder/v1/cluster.proto


export interface ForgetWorkerResponse {
  'worker_ids'?: (string)[];
}

export interface ForgetWorkerResponse__Output {
  'worker_ids': (string)[];
}
