// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface TransitCounters {
  'memory_bytes'?: (number | string | Long);
  'limit_bytes'?: (number | string | Long);
  'passed_bytes'?: (number | string | Long);
  'spilled_bytes'?: (number | string | Long);
  'kept_bytes'?: (number | string | Long);
  'written_bytes'?: (number | string | Long);
  'straight_bytes'?: (number | string | Long);
}

export interface TransitCounters__Output {
  'memory_bytes': (number);
  'limit_bytes': (number);
  'passed_bytes': (number);
  'spilled_bytes': (number);
  'kept_bytes': (number);
  'written_bytes': (number);
  'straight_bytes': (number);
}
