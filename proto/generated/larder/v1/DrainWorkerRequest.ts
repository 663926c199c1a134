// Original file: proto/larder/v1/cluster.proto


export interface DrainWorkerRequest {
  'worker'?: (string);
  'cancel'?: (boolean);
}

export interface DrainWorkerRequest__Output {
  'worker': (string);
  'cancel': (boolean);
}
