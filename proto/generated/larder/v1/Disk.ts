// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface Disk {
  'path'?: (string);
  'state'?: (string);
  'problem'?: (string);
  'capacity_bytes'?: (number | string | Long);
  'used_bytes'?: (number | string | Long);
  'objects'?: (number | string | Long);
  'errors'?: (number | string | Long);
  'damaged'?: (number | string | Long);
  'lost'?: (number | string | Long);
  'scrubbed_bytes'?: (number | string | Long);
}

export interface Disk__Output {
  'path': (string);
  'state': (string);
  'problem': (string);
  'capacity_bytes': (number);
  'used_bytes': (number);
  'objects': (number);
  'errors': (number);
  'damaged': (number);
  'lost': (number);
  'scrubbed_bytes': (number);
}
