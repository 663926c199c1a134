// Original file: proto/larder/v1/catalog.proto


export interface DeleteVersionRequest {
  'name'?: (string);
  'version'?: (number);
}

export interface DeleteVersionRequest__Output {
  'name': (string);
  'version': (number);
}
