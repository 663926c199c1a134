// Original file: proto/larder/v1/cluster.proto

import type { MemberState as _larder_v1_MemberState, MemberState__Output as _larder_v1_MemberState__Output } from '../../larder/v1/MemberState.ts';
import type { Long } from '@grpc/proto-loader';

export interface Member {
  'worker_id'?: (string);
  'weight_bytes'?: (number | string | Long);
  'data_address'?: (string);
  'node'?: (string);
  'state'?: (_larder_v1_MemberState);
}

export interface Member__Output {
  'worker_id': (string);
  'weight_bytes': (number);
  'data_address': (string);
  'node': (string);
  'state': (_larder_v1_MemberState__Output);
}
