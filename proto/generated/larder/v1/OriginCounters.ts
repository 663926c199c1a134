// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface OriginCounters {
  'gets'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'unique_bytes'?: (number | string | Long);
  'requested_bytes'?: (number | string | Long);
}

export interface OriginCounters__Output {
  'gets': (number);
  'bytes': (number);
  'unique_bytes': (number);
  'requested_bytes': (number);
}
