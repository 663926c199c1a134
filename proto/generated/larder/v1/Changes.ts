// Original file: proto/larder/v1/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface Changes {
  'added'?: (number | string | Long);
  'removed'?: (number | string | Long);
  'changed'?: (number | string | Long);
  'unchanged'?: (number | string | Long);
}

export interface Changes__Output {
  'added': (number);
  'removed': (number);
  'changed': (number);
  'unchanged': (number);
}
