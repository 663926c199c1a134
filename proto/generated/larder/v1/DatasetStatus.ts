// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface DatasetStatus {
  'id'?: (number);
  'name'?: (string);
  'latest_version'?: (number);
  'files'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'held_bytes'?: (number | string | Long);
  'policy'?: (string);
  'first_toucher'?: (boolean);
}

export interface DatasetStatus__Output {
  'id': (number);
  'name': (string);
  'latest_version': (number);
  'files': (number);
  'bytes': (number);
  'held_bytes': (number);
  'policy': (string);
  'first_toucher': (boolean);
}
