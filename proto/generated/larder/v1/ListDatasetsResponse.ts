// Original file: proto/larder/v1/catalog.proto

import type { Dataset as _larder_v1_Dataset, Dataset__Output as _larder_v1_Dataset__Output } from '../../larder/v1/Dataset.ts';

export interface ListDatasetsResponse {
  'datasets'?: (_larder_v1_Dataset)[];
}

export interface ListDatasetsResponse__Output {
  'datasets': (_larder_v1_Dataset__Output)[];
}
