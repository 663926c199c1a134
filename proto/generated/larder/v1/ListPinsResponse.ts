// Original file: proto/larder/v1/space.proto

import type { Pinned as _larder_v1_Pinned, Pinned__Output as _larder_v1_Pinned__Output } from '../../larder/v1/Pinned.ts';

export interface ListPinsResponse {
  'pins'?: (_larder_v1_Pinned)[];
}

export interface ListPinsResponse__Output {
  'pins': (_larder_v1_Pinned__Output)[];
}
