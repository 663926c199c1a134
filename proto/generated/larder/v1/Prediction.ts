// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface Prediction {
  'version'?: (number);
  'placement'?: (number | string | Long);
  'threshold'?: (number | string | Long);
  'blocks'?: (number | string | Long);
  'checksum'?: (number);
}

export interface Prediction__Output {
  'version': (number);
  'placement': (number);
  'threshold': (number);
  'blocks': (number);
  'checksum': (number);
}
