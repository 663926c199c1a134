// Original file: proto/larder/v1/cluster.proto

import type { OriginShare as _larder_v1_OriginShare, OriginShare__Output as _larder_v1_OriginShare__Output } from '../../larder/v1/OriginShare.ts';

export interface OriginShares {
  'shares'?: (_larder_v1_OriginShare)[];
}

export interface OriginShares__Output {
  'shares': (_larder_v1_OriginShare__Output)[];
}
