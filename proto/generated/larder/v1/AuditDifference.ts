// Original file: proto/larder/v1/audit.proto


export interface AuditDifference {
  'kind'?: (string);
  'worker_id'?: (string);
  'path'?: (Buffer | Uint8Array | string);
  'object_id'?: (string);
  'first_block'?: (number);
  'blocks'?: (number);
  'detail'?: (string);
}

export interface AuditDifference__Output {
  'kind': (string);
  'worker_id': (string);
  'path': (Buffer);
  'object_id': (string);
  'first_block': (number);
  'blocks': (number);
  'detail': (string);
}
