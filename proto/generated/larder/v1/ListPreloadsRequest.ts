// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface ListPreloadsRequest {
  'preload_id'?: (number | string | Long);
}

export interface ListPreloadsRequest__Output {
  'preload_id': (number);
}
