// Original file: proto/larder/v1/preload.proto

import type { PreloadInfo as _larder_v1_PreloadInfo, PreloadInfo__Output as _larder_v1_PreloadInfo__Output } from '../../larder/v1/PreloadInfo.ts';

export interface ListPreloadsResponse {
  'preloads'?: (_larder_v1_PreloadInfo)[];
}

export interface ListPreloadsResponse__Output {
  'preloads': (_larder_v1_PreloadInfo__Output)[];
}
