// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface OriginBudget {
  'budget'?: (number | string | Long);
  'now'?: (number | string | Long);
  'used'?: (number | string | Long);
}

export interface OriginBudget__Output {
  'budget': (number);
  'now': (number);
  'used': (number);
}
