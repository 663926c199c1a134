// Original file: proto/larder/v1/catalog.proto


export interface SetDatasetRequest {
  'name'?: (string);
  'settings'?: ({[key: string]: string});
}

export interface SetDatasetRequest__Output {
  'name': (string);
  'settings': ({[key: string]: string});
}
