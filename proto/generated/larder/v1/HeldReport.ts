// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface HeldReport {
  'dataset_id'?: (number);
  'full'?: (boolean);
  'added'?: (Buffer | Uint8Array | string);
  'removed'?: (Buffer | Uint8Array | string);
  'held_bytes'?: (number | string | Long);
  'more'?: (boolean);
}

export interface HeldReport__Output {
  'dataset_id': (number);
  'full': (boolean);
  'added': (Buffer);
  'removed': (Buffer);
  'held_bytes': (number);
  'more': (boolean);
}
