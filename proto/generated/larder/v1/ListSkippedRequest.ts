// Original file: proto/larder/v1/catalog.proto


export interface ListSkippedRequest {
  'name'?: (string);
  'version'?: (number);
}

export interface ListSkippedRequest__Output {
  'name': (string);
  'version': (number);
}
