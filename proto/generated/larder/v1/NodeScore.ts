// Original file: proto/larder/v1/nodes.proto

import type { Long } from '@grpc/proto-loader';

export interface NodeScore {
  'node'?: (string);
  'usable'?: (boolean);
  'held_bytes'?: (number | string | Long);
  'free_bytes'?: (number | string | Long);
  'score'?: (number);
}

export interface NodeScore__Output {
  'node': (string);
  'usable': (boolean);
  'held_bytes': (number);
  'free_bytes': (number);
  'score': (number);
}
