// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface CancelPreloadRequest {
  'preload_id'?: (number | string | Long);
}

export interface CancelPreloadRequest__Output {
  'preload_id': (number);
}
