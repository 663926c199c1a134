// Original file: proto/larder/v1/cluster.proto


export interface Failure {
  'code'?: (string);
  'message'?: (string);
  'facts'?: ({[key: string]: string});
}

export interface Failure__Output {
  'code': (string);
  'message': (string);
  'facts': ({[key: string]: string});
}
