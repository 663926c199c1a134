// Original file: proto/larder/v1/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface ManifestChunk {
  'offset'?: (number | string | Long);
  'data'?: (Buffer | Uint8Array | string);
}

export interface ManifestChunk__Output {
  'offset': (number);
  'data': (Buffer);
}
