// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface CancelCommand {
  'command'?: (number | string | Long);
}

export interface CancelCommand__Output {
  'command': (number);
}
