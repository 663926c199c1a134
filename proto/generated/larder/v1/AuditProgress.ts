// Original file: proto/larder/v1/audit.proto

import type { Long } from '@grpc/proto-loader';

export interface AuditProgress {
  'objects'?: (number | string | Long);
  'bytes'?: (number | string | Long);
}

export interface AuditProgress__Output {
  'objects': (number);
  'bytes': (number);
}
