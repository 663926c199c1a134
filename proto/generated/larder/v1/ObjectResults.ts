// Original file: proto/larder/v1/cluster.proto

import type { ObjectFailure as _larder_v1_ObjectFailure, ObjectFailure__Output as _larder_v1_ObjectFailure__Output } from '../../larder/v1/ObjectFailure.ts';
import type { Long } from '@grpc/proto-loader';

export interface ObjectResults {
  'command'?: (number | string | Long);
  'done'?: (number)[];
  'failed'?: (_larder_v1_ObjectFailure)[];
}

export interface ObjectResults__Output {
  'command': (number);
  'done': (number)[];
  'failed': (_larder_v1_ObjectFailure__Output)[];
}
