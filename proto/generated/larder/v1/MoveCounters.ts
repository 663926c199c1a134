// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface MoveCounters {
  'pending_objects'?: (number | string | Long);
  'pending_bytes'?: (number | string | Long);
  'moved_bytes'?: (number | string | Long);
}

export interface MoveCounters__Output {
  'pending_objects': (number);
  'pending_bytes': (number);
  'moved_bytes': (number);
}
