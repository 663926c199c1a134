// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface StartPreloadResponse {
  'preload_id'?: (number | string | Long);
  'joined'?: (boolean);
}

export interface StartPreloadResponse__Output {
  'preload_id': (number);
  'joined': (boolean);
}
