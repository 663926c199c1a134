// Original file: proto/larder/v1/catalog.proto

import type { DatasetSettings as _larder_v1_DatasetSettings, DatasetSettings__Output as _larder_v1_DatasetSettings__Output } from '../../larder/v1/DatasetSettings.ts';
import type { Version as _larder_v1_Version, Version__Output as _larder_v1_Version__Output } from '../../larder/v1/Version.ts';
import type { Long } from '@grpc/proto-loader';

export interface Dataset {
  'id'?: (number);
  'name'?: (string);
  'origin'?: (string);
  'settings'?: (_larder_v1_DatasetSettings | null);
  'latest_version'?: (number);
  'created_at_ms'?: (number | string | Long);
  'latest'?: (_larder_v1_Version | null);
}

export interface Dataset__Output {
  'id': (number);
  'name': (string);
  'origin': (string);
  'settings': (_larder_v1_DatasetSettings__Output | null);
  'latest_version': (number);
  'created_at_ms': (number);
  'latest': (_larder_v1_Version__Output | null);
}
