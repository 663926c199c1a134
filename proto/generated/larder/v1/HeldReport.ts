// Original file: proto/larder/v1/cluster.proto

import type { Prediction as _larder_v1_Prediction, Prediction__Output as _larder_v1_Prediction__Output } from '../../larder/v1/Prediction.ts';
import type { Long } from '@grpc/proto-loader';

export interface HeldReport {
  'dataset_id'?: (number);
  'full'?: (boolean);
  'added'?: (Buffer | Uint8Array | string);
  'removed'?: (Buffer | Uint8Array | string);
  'held_bytes'?: (number | string | Long);
  'more'?: (boolean);
  'predicted'?: (_larder_v1_Prediction | null);
}

export interface HeldReport__Output {
  'dataset_id': (number);
  'full': (boolean);
  'added': (Buffer);
  'removed': (Buffer);
  'held_bytes': (number);
  'more': (boolean);
  'predicted': (_larder_v1_Prediction__Output | null);
}
