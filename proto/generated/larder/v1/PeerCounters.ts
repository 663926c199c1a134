// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface PeerCounters {
  'bad_answers'?: (number | string | Long);
  'last_bad_peer'?: (string);
  'received_bytes'?: (number | string | Long);
}

export interface PeerCounters__Output {
  'bad_answers': (number);
  'last_bad_peer': (string);
  'received_bytes': (number);
}
