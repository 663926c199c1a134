// Original file: proto/larder/v1/preload.proto

import type { PreloadProgress as _larder_v1_PreloadProgress, PreloadProgress__Output as _larder_v1_PreloadProgress__Output } from '../../larder/v1/PreloadProgress.ts';
import type { Long } from '@grpc/proto-loader';

export interface PreloadInfo {
  'progress'?: (_larder_v1_PreloadProgress | null);
  'dataset'?: (string);
  'version'?: (number);
  'started_at_ms'?: (number | string | Long);
  'ended_at_ms'?: (number | string | Long);
  'kept'?: (boolean);
  'kept_until_ms'?: (number | string | Long);
  'priority'?: (number);
  'detached'?: (boolean);
}

export interface PreloadInfo__Output {
  'progress': (_larder_v1_PreloadProgress__Output | null);
  'dataset': (string);
  'version': (number);
  'started_at_ms': (number);
  'ended_at_ms': (number);
  'kept': (boolean);
  'kept_until_ms': (number);
  'priority': (number);
  'detached': (boolean);
}
