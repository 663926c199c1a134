// Original file: proto/larder/v1/cluster.proto

import type { Failure as _larder_v1_Failure, Failure__Output as _larder_v1_Failure__Output } from '../../larder/v1/Failure.ts';

export interface ObjectFailure {
  'ordinal'?: (number);
  'failure'?: (_larder_v1_Failure | null);
}

export interface ObjectFailure__Output {
  'ordinal': (number);
  'failure': (_larder_v1_Failure__Output | null);
}
