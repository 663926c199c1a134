// Original file: proto/larder/v1/audit.proto


export interface ScannedProblem {
  'kind'?: (string);
  'object_id'?: (string);
  'path'?: (Buffer | Uint8Array | string);
  'first_block'?: (number);
  'blocks'?: (number);
  'detail'?: (string);
}

export interface ScannedProblem__Output {
  'kind': (string);
  'object_id': (string);
  'path': (Buffer);
  'first_block': (number);
  'blocks': (number);
  'detail': (string);
}
