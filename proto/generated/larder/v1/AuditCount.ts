// Original file: proto/larder/v1/audit.proto

import type { Long } from '@grpc/proto-loader';

export interface AuditCount {
  'kind'?: (string);
  'worker_id'?: (string);
  'count'?: (number | string | Long);
}

export interface AuditCount__Output {
  'kind': (string);
  'worker_id': (string);
  'count': (number);
}
