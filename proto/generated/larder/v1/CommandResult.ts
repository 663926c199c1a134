// Original file: proto/larder/v1/cluster.proto

import type { Failure as _larder_v1_Failure, Failure__Output as _larder_v1_Failure__Output } from '../../larder/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface CommandResult {
  'command'?: (number | string | Long);
  'failure'?: (_larder_v1_Failure | null);
}

export interface CommandResult__Output {
  'command': (number);
  'failure': (_larder_v1_Failure__Output | null);
}
