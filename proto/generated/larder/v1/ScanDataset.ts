// Original file: proto/larder/v1/audit.proto

import type { Long } from '@grpc/proto-loader';

export interface ScanDataset {
  'command'?: (number | string | Long);
  'dataset_id'?: (number);
  'checksums'?: (boolean);
}

export interface ScanDataset__Output {
  'command': (number);
  'dataset_id': (number);
  'checksums': (boolean);
}
