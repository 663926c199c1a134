// Original file: proto/larder/v1/space.proto

import type { FreedWorker as _larder_v1_FreedWorker, FreedWorker__Output as _larder_v1_FreedWorker__Output } from '../../larder/v1/FreedWorker.ts';
import type { Long } from '@grpc/proto-loader';

export interface FreeResponse {
  'version'?: (number);
  'target_files'?: (number | string | Long);
  'workers'?: (_larder_v1_FreedWorker)[];
}

export interface FreeResponse__Output {
  'version': (number);
  'target_files': (number);
  'workers': (_larder_v1_FreedWorker__Output)[];
}
