// Original file: proto/larder/v1/catalog.proto


export interface ReleaseLeaseRequest {
  'dataset_id'?: (number);
  'version'?: (number);
  'holder'?: (string);
}

export interface ReleaseLeaseRequest__Output {
  'dataset_id': (number);
  'version': (number);
  'holder': (string);
}
