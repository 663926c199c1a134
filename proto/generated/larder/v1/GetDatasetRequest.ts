// Original file: proto/larder/v1/catalog.proto


export interface GetDatasetRequest {
  'name'?: (string);
}

export interface GetDatasetRequest__Output {
  'name': (string);
}
