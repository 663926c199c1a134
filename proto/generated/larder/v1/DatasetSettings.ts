// Original file: proto/larder/v1/catalog.proto


export interface DatasetSettings {
  'block_size_bytes'?: (number);
  'endpoint'?: (string);
  'region'?: (string);
  'path_style'?: (string);
  'credentials'?: (string);
  'replicas'?: (number);
  'policy'?: (string);
}

export interface DatasetSettings__Output {
  'block_size_bytes': (number);
  'endpoint': (string);
  'region': (string);
  'path_style': (string);
  'credentials': (string);
  'replicas': (number);
  'policy': (string);
}
