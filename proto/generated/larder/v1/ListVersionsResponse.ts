// Original file: proto/larder/v1/catalog.proto

import type { Version as _larder_v1_Version, Version__Output as _larder_v1_Version__Output } from '../../larder/v1/Version.ts';

export interface ListVersionsResponse {
  'versions'?: (_larder_v1_Version)[];
}

export interface ListVersionsResponse__Output {
  'versions': (_larder_v1_Version__Output)[];
}
