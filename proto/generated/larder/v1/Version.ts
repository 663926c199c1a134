// Original file: proto/larder/v1/catalog.proto

import type { DatasetSettings as _larder_v1_DatasetSettings, DatasetSettings__Output as _larder_v1_DatasetSettings__Output } from '../../larder/v1/DatasetSettings.ts';
import type { Long } from '@grpc/proto-loader';

export interface Version {
  'number'?: (number);
  'created_at_ms'?: (number | string | Long);
  'files'?: (number | string | Long);
  'bytes'?: (number | string | Long);
  'blocks'?: (number | string | Long);
  'skipped'?: (number | string | Long);
  'strong_validators'?: (number | string | Long);
  'weak_validators'?: (number | string | Long);
  'manifest_bytes'?: (number | string | Long);
  'leases'?: (number);
  'manifest_sha256'?: (Buffer | Uint8Array | string);
  'settings'?: (_larder_v1_DatasetSettings | null);
  'skipped_reasons'?: ({[key: string]: number | string | Long});
}

export interface Version__Output {
  'number': (number);
  'created_at_ms': (number);
  'files': (number);
  'bytes': (number);
  'blocks': (number);
  'skipped': (number);
  'strong_validators': (number);
  'weak_validators': (number);
  'manifest_bytes': (number);
  'leases': (number);
  'manifest_sha256': (Buffer);
  'settings': (_larder_v1_DatasetSettings__Output | null);
  'skipped_reasons': ({[key: string]: number});
}
