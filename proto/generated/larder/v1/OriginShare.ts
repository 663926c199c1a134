// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface OriginShare {
  'dataset_id'?: (number);
  'bytes_per_second'?: (number | string | Long);
  'budget'?: (number | string | Long);
}

export interface OriginShare__Output {
  'dataset_id': (number);
  'bytes_per_second': (number);
  'budget': (number);
}
