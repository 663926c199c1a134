// Original file: proto/larder/v1/catalog.proto

import type { BuildDone as _larder_v1_BuildDone, BuildDone__Output as _larder_v1_BuildDone__Output } from '../../larder/v1/BuildDone.ts';
import type { Long } from '@grpc/proto-loader';

export interface BuildProgress {
  'keys_listed'?: (number | string | Long);
  'worker'?: (string);
  'done'?: (_larder_v1_BuildDone | null);
}

export interface BuildProgress__Output {
  'keys_listed': (number);
  'worker': (string);
  'done': (_larder_v1_BuildDone__Output | null);
}
