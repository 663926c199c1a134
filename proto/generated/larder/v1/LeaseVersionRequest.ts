// Original file: proto/larder/v1/catalog.proto


export interface LeaseVersionRequest {
  'dataset_id'?: (number);
  'version'?: (number);
  'holder'?: (string);
  'what'?: (string);
  'ttl_ms'?: (number);
}

export interface LeaseVersionRequest__Output {
  'dataset_id': (number);
  'version': (number);
  'holder': (string);
  'what': (string);
  'ttl_ms': (number);
}
