// Original file: proto/larder/v1/cluster.proto


export interface DrainWorkerResponse {
  'worker_ids'?: (string)[];
}

export interface DrainWorkerResponse__Output {
  'worker_ids': (string)[];
}
