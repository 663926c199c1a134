// Original file: proto/larder/v1/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface DatasetSettings {
  'block_size_bytes'?: (number);
  'endpoint'?: (string);
  'region'?: (string);
  'path_style'?: (string);
  'credentials'?: (string);
  'replicas'?: (number);
  'quota_bytes'?: (number | string | Long);
  'policy'?: (string);
  'origin_bandwidth'?: (number | string | Long);
}

export interface DatasetSettings__Output {
  'block_size_bytes': (number);
  'endpoint': (string);
  'region': (string);
  'path_style': (string);
  'credentials': (string);
  'replicas': (number);
  'quota_bytes': (number);
  'policy': (string);
  'origin_bandwidth': (number);
}
