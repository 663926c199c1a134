// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface DatasetPattern {
  'dataset_id'?: (number);
  'version'?: (number);
  'kind'?: (string);
  'passes'?: (number | string | Long);
  'seen_objects'?: (number | string | Long);
  'seen_share'?: (number | string);
  'compared'?: (boolean);
  'correlation'?: (number | string);
  'came_again'?: (number | string);
  'came_to_same'?: (number | string);
  'touchers'?: (number);
  'first_toucher'?: (boolean);
}

export interface DatasetPattern__Output {
  'dataset_id': (number);
  'version': (number);
  'kind': (string);
  'passes': (number);
  'seen_objects': (number);
  'seen_share': (number);
  'compared': (boolean);
  'correlation': (number);
  'came_again': (number);
  'came_to_same': (number);
  'touchers': (number);
  'first_toucher': (boolean);
}
