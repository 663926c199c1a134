// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchPreloadRequest {
  'preload_id'?: (number | string | Long);
}

export interface WatchPreloadRequest__Output {
  'preload_id': (number);
}
