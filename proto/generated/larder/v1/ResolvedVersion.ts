// Original file: proto/larder/v1/catalog.proto

import type { Dataset as _larder_v1_Dataset, Dataset__Output as _larder_v1_Dataset__Output } from '../../larder/v1/Dataset.ts';
import type { Version as _larder_v1_Version, Version__Output as _larder_v1_Version__Output } from '../../larder/v1/Version.ts';

export interface ResolvedVersion {
  'dataset'?: (_larder_v1_Dataset | null);
  'version'?: (_larder_v1_Version | null);
}

export interface ResolvedVersion__Output {
  'dataset': (_larder_v1_Dataset__Output | null);
  'version': (_larder_v1_Version__Output | null);
}
