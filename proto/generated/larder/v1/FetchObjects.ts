// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface FetchObjects {
  'command'?: (number | string | Long);
  'dataset_id'?: (number);
  'version'?: (number);
  'ordinals'?: (number)[];
  'stripes'?: (number)[];
}

export interface FetchObjects__Output {
  'command': (number);
  'dataset_id': (number);
  'version': (number);
  'ordinals': (number)[];
  'stripes': (number)[];
}
