// Original file: proto/larder/v1/cluster.proto

import type { DatasetSettings as _larder_v1_DatasetSettings, DatasetSettings__Output as _larder_v1_DatasetSettings__Output } from '../../larder/v1/DatasetSettings.ts';
import type { Long } from '@grpc/proto-loader';

export interface ListOrigin {
  'command'?: (number | string | Long);
  'origin'?: (string);
  'settings'?: (_larder_v1_DatasetSettings | null);
}

export interface ListOrigin__Output {
  'command': (number);
  'origin': (string);
  'settings': (_larder_v1_DatasetSettings__Output | null);
}
