// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface ReadCounters {
  'bytes'?: (number | string | Long);
  'origin_bytes'?: (number | string | Long);
  'peer_bytes'?: (number | string | Long);
}

export interface ReadCounters__Output {
  'bytes': (number);
  'origin_bytes': (number);
  'peer_bytes': (number);
}
