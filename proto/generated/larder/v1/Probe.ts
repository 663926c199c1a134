// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface Probe {
  'command'?: (number | string | Long);
}

export interface Probe__Output {
  'command': (number);
}
