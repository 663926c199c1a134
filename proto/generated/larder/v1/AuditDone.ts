// Original file: proto/larder/v1/audit.proto

import type { AuditedWorker as _larder_v1_AuditedWorker, AuditedWorker__Output as _larder_v1_AuditedWorker__Output } from '../../larder/v1/AuditedWorker.ts';
import type { AuditCount as _larder_v1_AuditCount, AuditCount__Output as _larder_v1_AuditCount__Output } from '../../larder/v1/AuditCount.ts';
import type { Long } from '@grpc/proto-loader';

export interface AuditDone {
  'dataset'?: (string);
  'version'?: (number);
  'workers'?: (_larder_v1_AuditedWorker)[];
  'counts'?: (_larder_v1_AuditCount)[];
  'blocks'?: (number | string | Long);
  'held_blocks'?: (number | string | Long);
  'held_twice'?: (number | string | Long);
  'guests'?: (number | string | Long);
  'owners_known'?: (boolean);
}

export interface AuditDone__Output {
  'dataset': (string);
  'version': (number);
  'workers': (_larder_v1_AuditedWorker__Output)[];
  'counts': (_larder_v1_AuditCount__Output)[];
  'blocks': (number);
  'held_blocks': (number);
  'held_twice': (number);
  'guests': (number);
  'owners_known': (boolean);
}
