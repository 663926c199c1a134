// Original file: proto/larder/v1/catalog.proto


export interface RefreshDatasetRequest {
  'name'?: (string);
}

export interface RefreshDatasetRequest__Output {
  'name': (string);
}
