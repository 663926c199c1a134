// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface Welcome {
  'lease_ms'?: (number);
  'heartbeat_ms'?: (number);
  'term'?: (number | string | Long);
  'protocol'?: (number);
}

export interface Welcome__Output {
  'lease_ms': (number);
  'heartbeat_ms': (number);
  'term': (number);
  'protocol': (number);
}
