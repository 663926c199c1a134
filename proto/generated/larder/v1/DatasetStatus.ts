// Original file: proto/larder/v1/cluster.proto

import type { OriginBudget as _larder_v1_OriginBudget, OriginBudget__Output as _larder_v1_OriginBudget__Output } from '../../larder/v1/OriginBudget.ts';
import type { Long } from '@grpc/proto-loader';

export interface DatasetStatus {
  'id'?: (number);
  'name'?: (string);
  'latest_version'?: (number);
  'files'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'held_bytes'?: (number | string | Long);
  'policy'?: (string);
  'first_toucher'?: (boolean);
  'origin_budget'?: (_larder_v1_OriginBudget | null);
  'pinned_bytes'?: (number | string | Long);
}

export interface DatasetStatus__Output {
  'id': (number);
  'name': (string);
  'latest_version': (number);
  'files': (number);
  'bytes': (number);
  'held_bytes': (number);
  'policy': (string);
  'first_toucher': (boolean);
  'origin_budget': (_larder_v1_OriginBudget__Output | null);
  'pinned_bytes': (number);
}
