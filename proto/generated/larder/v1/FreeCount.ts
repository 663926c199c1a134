// Original file: proto/larder/v1/space.proto

import type { Long } from '@grpc/proto-loader';

export interface FreeCount {
  'what'?: (string);
  'preload'?: (number | string | Long);
  'files'?: (number | string | Long);
  'bytes'?: (number | string | Long);
}

export interface FreeCount__Output {
  'what': (string);
  'preload': (number);
  'files': (number);
  'bytes': (number);
}
