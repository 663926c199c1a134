// Original file: proto/larder/v1/catalog.proto


export interface ResolveVersionRequest {
  'name'?: (string);
  'version'?: (number);
  'dataset_id'?: (number);
}

export interface ResolveVersionRequest__Output {
  'name': (string);
  'version': (number);
  'dataset_id': (number);
}
