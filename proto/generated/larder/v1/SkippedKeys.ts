// Original file: proto/larder/v1/catalog.proto

import type { SkippedKey as _larder_v1_SkippedKey, SkippedKey__Output as _larder_v1_SkippedKey__Output } from '../../larder/v1/SkippedKey.ts';

export interface SkippedKeys {
  'keys'?: (_larder_v1_SkippedKey)[];
}

export interface SkippedKeys__Output {
  'keys': (_larder_v1_SkippedKey__Output)[];
}
