// Original file: proto/larder/v1/audit.proto

import type { Long } from '@grpc/proto-loader';

export interface AuditedWorker {
  'worker_id'?: (string);
  'node'?: (string);
  'failure_code'?: (string);
  'failure'?: (string);
  'objects'?: (number | string | Long);
  'checked_bytes'?: (number | string | Long);
  'held_blocks'?: (number | string | Long);
}

export interface AuditedWorker__Output {
  'worker_id': (string);
  'node': (string);
  'failure_code': (string);
  'failure': (string);
  'objects': (number);
  'checked_bytes': (number);
  'held_blocks': (number);
}
