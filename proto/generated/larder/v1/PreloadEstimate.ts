// Original file: proto/larder/v1/preload.proto

import type { Long } from '@grpc/proto-loader';

export interface PreloadEstimate {
  'target_files'?: (number | string | Long);
  'target_bytes'?: (number | string | Long);
  'missing_files'?: (number | string | Long);
  'missing_bytes'?: (number | string | Long);
  'requests'?: (number | string | Long);
  'bytes_per_second'?: (number | string | Long);
  'ms'?: (number | string | Long);
  'rate_from'?: (string);
  'left_out_files'?: (number | string | Long);
  'free_bytes'?: (number | string | Long);
  'not_found'?: (Buffer | Uint8Array | string)[];
}

export interface PreloadEstimate__Output {
  'target_files': (number);
  'target_bytes': (number);
  'missing_files': (number);
  'missing_bytes': (number);
  'requests': (number);
  'bytes_per_second': (number);
  'ms': (number);
  'rate_from': (string);
  'left_out_files': (number);
  'free_bytes': (number);
  'not_found': (Buffer)[];
}
