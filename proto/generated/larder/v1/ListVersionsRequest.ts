// Original file: proto/larder/v1/catalog.proto


export interface ListVersionsRequest {
  'name'?: (string);
}

export interface ListVersionsRequest__Output {
  'name': (string);
}
