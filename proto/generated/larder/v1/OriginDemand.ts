// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface OriginDemand {
  'dataset_id'?: (number);
  'bytes_per_second'?: (number | string | Long);
  'waits'?: (boolean);
  'refusals'?: (number | string | Long);
}

export interface OriginDemand__Output {
  'dataset_id': (number);
  'bytes_per_second': (number);
  'waits': (boolean);
  'refusals': (number);
}
