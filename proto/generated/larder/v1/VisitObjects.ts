// Original file: proto/larder/v1/protect.proto

import type { Long } from '@grpc/proto-loader';

export interface VisitObjects {
  'command'?: (number | string | Long);
  'dataset_id'?: (number);
  'blocks'?: (Buffer | Uint8Array | string);
  'action'?: (string);
}

export interface VisitObjects__Output {
  'command': (number);
  'dataset_id': (number);
  'blocks': (Buffer);
  'action': (string);
}
