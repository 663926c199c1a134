// Original file: proto/larder/v1/space.proto

import type { Long } from '@grpc/proto-loader';

export interface Pinned {
  'dataset'?: (string);
  'blocks'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'held_blocks'?: (number | string | Long);
  'changed_bytes'?: (number | string | Long);
}

export interface Pinned__Output {
  'dataset': (string);
  'blocks': (number);
  'bytes': (number);
  'held_blocks': (number);
  'changed_bytes': (number);
}
