// Original file: proto/larder/v1/protect.proto

import type { Long } from '@grpc/proto-loader';

export interface Protect {
  'name'?: (string);
  'dataset_id'?: (number);
  'blocks'?: (Buffer | Uint8Array | string);
  'for_ms'?: (number | string | Long);
  'replicas'?: (number);
  'on'?: (string)[];
  'evictable'?: (boolean);
}

export interface Protect__Output {
  'name': (string);
  'dataset_id': (number);
  'blocks': (Buffer);
  'for_ms': (number);
  'replicas': (number);
  'on': (string)[];
  'evictable': (boolean);
}
