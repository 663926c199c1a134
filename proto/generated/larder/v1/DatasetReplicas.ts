// Original file: proto/larder/v1/cluster.proto


export interface DatasetReplicas {
  'dataset_id'?: (number);
  'replicas'?: (number);
  'policy'?: (string);
  'first_toucher'?: (boolean);
}

export interface DatasetReplicas__Output {
  'dataset_id': (number);
  'replicas': (number);
  'policy': (string);
  'first_toucher': (boolean);
}
