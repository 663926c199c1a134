// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface ReleasePreloadRequest {
  'preload_id'?: (number | string | Long);
}

export interface ReleasePreloadRequest__Output {
  'preload_id': (number);
}
