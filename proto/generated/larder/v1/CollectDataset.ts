// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface CollectDataset {
  'command'?: (number | string | Long);
  'dataset_id'?: (number);
  'live'?: (Buffer | Uint8Array | string);
  'first_block'?: (number);
  'end_block'?: (number);
}

export interface CollectDataset__Output {
  'command': (number);
  'dataset_id': (number);
  'live': (Buffer);
  'first_block': (number);
  'end_block': (number);
}
