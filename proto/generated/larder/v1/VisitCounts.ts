// Original file: proto/larder/v1/protect.proto

import type { VisitCount as _larder_v1_VisitCount, VisitCount__Output as _larder_v1_VisitCount__Output } from '../../larder/v1/VisitCount.ts';
import type { Long } from '@grpc/proto-loader';

export interface VisitCounts {
  'command'?: (number | string | Long);
  'counts'?: (_larder_v1_VisitCount)[];
}

export interface VisitCounts__Output {
  'command': (number);
  'counts': (_larder_v1_VisitCount__Output)[];
}
