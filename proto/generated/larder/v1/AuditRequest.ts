// Original file: proto/larder/v1/audit.proto


export interface AuditRequest {
  'name'?: (string);
  'version'?: (number);
  'checksums'?: (boolean);
  'complete'?: (boolean);
  'limit'?: (number);
}

export interface AuditRequest__Output {
  'name': (string);
  'version': (number);
  'checksums': (boolean);
  'complete': (boolean);
  'limit': (number);
}
