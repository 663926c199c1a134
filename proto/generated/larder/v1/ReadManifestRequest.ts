// Original file: proto/larder/v1/catalog.proto

import type { Long } from '@grpc/proto-loader';

export interface ReadManifestRequest {
  'dataset_id'?: (number);
  'version'?: (number);
  'offset'?: (number | string | Long);
  'length'?: (number | string | Long);
}

export interface ReadManifestRequest__Output {
  'dataset_id': (number);
  'version': (number);
  'offset': (number);
  'length': (number);
}
