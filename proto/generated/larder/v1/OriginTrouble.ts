// Original file: proto/larder/v1/cluster.proto


export interface OriginTrouble {
  'dataset_id'?: (number);
  'code'?: (string);
  'message'?: (string);
}

export interface OriginTrouble__Output {
  'dataset_id': (number);
  'code': (string);
  'message': (string);
}
