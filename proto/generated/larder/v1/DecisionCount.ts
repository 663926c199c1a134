// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface DecisionCount {
  'decision'?: (string);
  'reason'?: (string);
  'count'?: (number | string | Long);
}

export interface DecisionCount__Output {
  'decision': (string);
  'reason': (string);
  'count': (number);
}
