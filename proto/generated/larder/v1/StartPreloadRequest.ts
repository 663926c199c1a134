// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface StartPreloadRequest {
  'dataset'?: (string);
  'version'?: (number);
  'paths'?: (Buffer | Uint8Array | string)[];
  'listed'?: (Buffer | Uint8Array | string)[];
  'budget_bytes'?: (number | string | Long);
  'priority'?: (number);
  'bandwidth'?: (number | string | Long);
  'deadline_ms'?: (number | string | Long);
  'keep_ms'?: (number | string | Long);
  'detached'?: (boolean);
  'replicas'?: (number);
  'on'?: (string)[];
  'verify'?: (boolean);
  'changed_since'?: (number);
}

export interface StartPreloadRequest__Output {
  'dataset': (string);
  'version': (number);
  'paths': (Buffer)[];
  'listed': (Buffer)[];
  'budget_bytes': (number);
  'priority': (number);
  'bandwidth': (number);
  'deadline_ms': (number);
  'keep_ms': (number);
  'detached': (boolean);
  'replicas': (number);
  'on': (string)[];
  'verify': (boolean);
  'changed_since': (number);
}
