// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface PeerFaults {
  'bad_answers'?: (number | string | Long);
  'last_bad_peer'?: (string);
}

export interface PeerFaults__Output {
  'bad_answers': (number);
  'last_bad_peer': (string);
}
