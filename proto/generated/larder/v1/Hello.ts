// Original file: proto/larder/v1/cluster.proto

import type { Member as _larder_v1_Member, Member__Output as _larder_v1_Member__Output } from '../../larder/v1/Member.ts';

export interface Hello {
  'member'?: (_larder_v1_Member | null);
  'version'?: (string);
  'protocol'?: (number);
  'incarnation'?: (string);
}

export interface Hello__Output {
  'member': (_larder_v1_Member__Output | null);
  'version': (string);
  'protocol': (number);
  'incarnation': (string);
}
