// Original file: proto/larder/v1/audit.proto

import type { ScannedProblem as _larder_v1_ScannedProblem, ScannedProblem__Output as _larder_v1_ScannedProblem__Output } from '../../larder/v1/ScannedProblem.ts';
import type { Long } from '@grpc/proto-loader';

export interface AuditPart {
  'command'?: (number | string | Long);
  'ranged'?: (boolean);
  'first_block'?: (number);
  'end_block'?: (number);
  'held'?: (Buffer | Uint8Array | string);
  'changed'?: (Buffer | Uint8Array | string);
  'problems'?: (_larder_v1_ScannedProblem)[];
  'object_block'?: (number)[];
  'object_bytes'?: (number | string | Long)[];
  'objects'?: (number | string | Long);
  'bytes'?: (number | string | Long);
}

export interface AuditPart__Output {
  'command': (number);
  'ranged': (boolean);
  'first_block': (number);
  'end_block': (number);
  'held': (Buffer);
  'changed': (Buffer);
  'problems': (_larder_v1_ScannedProblem__Output)[];
  'object_block': (number)[];
  'object_bytes': (number)[];
  'objects': (number);
  'bytes': (number);
}
