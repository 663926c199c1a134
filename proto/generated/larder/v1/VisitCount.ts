// Original file: proto/larder/v1/protect.proto

import type { Long } from '@grpc/proto-loader';

export interface VisitCount {
  'what'?: (string);
  'by'?: (string);
  'objects'?: (number | string | Long);
  'bytes'?: (number | string | Long);
}

export interface VisitCount__Output {
  'what': (string);
  'by': (string);
  'objects': (number);
  'bytes': (number);
}
