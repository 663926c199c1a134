// Original file: proto/larder/v1/preload.proto

import type { PreloadState as _larder_v1_PreloadState, PreloadState__Output as _larder_v1_PreloadState__Output } from '../../larder/v1/PreloadState.ts';
import type { PreloadFailure as _larder_v1_PreloadFailure, PreloadFailure__Output as _larder_v1_PreloadFailure__Output } from '../../larder/v1/PreloadFailure.ts';
import type { Long } from '@grpc/proto-loader';

export interface PreloadProgress {
  'preload_id'?: (number | string | Long);
  'state'?: (_larder_v1_PreloadState);
  'target_blocks'?: (number | string | Long);
  'held_blocks'?: (number | string | Long);
  'target_bytes'?: (number | string | Long);
  'held_bytes'?: (number | string | Long);
  'target_files'?: (number | string | Long);
  'held_files'?: (number | string | Long);
  'failed_files'?: (number | string | Long);
  'failures'?: (_larder_v1_PreloadFailure)[];
  'bytes_per_second'?: (number | string | Long);
  'rest_ms'?: (number | string | Long);
  'left_out_files'?: (number | string | Long);
  'counts_copies'?: (boolean);
  'verified_bytes'?: (number | string | Long);
  'damaged_files'?: (number | string | Long);
}

export interface PreloadProgress__Output {
  'preload_id': (number);
  'state': (_larder_v1_PreloadState__Output);
  'target_blocks': (number);
  'held_blocks': (number);
  'target_bytes': (number);
  'held_bytes': (number);
  'target_files': (number);
  'held_files': (number);
  'failed_files': (number);
  'failures': (_larder_v1_PreloadFailure__Output)[];
  'bytes_per_second': (number);
  'rest_ms': (number);
  'left_out_files': (number);
  'counts_copies': (boolean);
  'verified_bytes': (number);
  'damaged_files': (number);
}
