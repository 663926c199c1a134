// Original file: proto/larder/v1/cluster.proto

import type { Member as _larder_v1_Member, Member__Output as _larder_v1_Member__Output } from '../../larder/v1/Member.ts';
import type { Long } from '@grpc/proto-loader';

export interface Placement {
  'number'?: (number | string | Long);
  'members'?: (_larder_v1_Member)[];
}

export interface Placement__Output {
  'number': (number);
  'members': (_larder_v1_Member__Output)[];
}
