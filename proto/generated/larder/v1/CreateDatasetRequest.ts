// Original file: proto/larder/v1/catalog.proto

import type { DatasetSettings as _larder_v1_DatasetSettings, DatasetSettings__Output as _larder_v1_DatasetSettings__Output } from '../../larder/v1/DatasetSettings.ts';

export interface CreateDatasetRequest {
  'name'?: (string);
  'origin'?: (string);
  'settings'?: (_larder_v1_DatasetSettings | null);
}

export interface CreateDatasetRequest__Output {
  'name': (string);
  'origin': (string);
  'settings': (_larder_v1_DatasetSettings__Output | null);
}
