// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface RetryPreloadRequest {
  'preload_id'?: (number | string | Long);
  'detached'?: (boolean);
}

export interface RetryPreloadRequest__Output {
  'preload_id': (number);
  'detached': (boolean);
}
