// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface Member {
  'worker_id'?: (string);
  'weight_bytes'?: (number | string | Long);
  'data_address'?: (string);
  'node'?: (string);
}

export interface Member__Output {
  'worker_id': (string);
  'weight_bytes': (number);
  'data_address': (string);
  'node': (string);
}
