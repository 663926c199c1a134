// Original file: proto/larder/v1/catalog.proto


export interface DeleteDatasetRequest {
  'name'?: (string);
}

export interface DeleteDatasetRequest__Output {
  'name': (string);
}
