// Original file: proto/larder/v1/cluster.proto


export interface LeaseStatus {
  'dataset_id'?: (number);
  'version'?: (number);
  'holder'?: (string);
  'what'?: (string);
}

export interface LeaseStatus__Output {
  'dataset_id': (number);
  'version': (number);
  'holder': (string);
  'what': (string);
}
