// Original file: proto/larder/v1/nodes.proto

import type { NodeScore as _larder_v1_NodeScore, NodeScore__Output as _larder_v1_NodeScore__Output } from '../../larder/v1/NodeScore.ts';
import type { Long } from '@grpc/proto-loader';

export interface ScoreNodesResponse {
  'version'?: (number);
  'bytes'?: (number | string | Long);
  'nodes'?: (_larder_v1_NodeScore)[];
}

export interface ScoreNodesResponse__Output {
  'version': (number);
  'bytes': (number);
  'nodes': (_larder_v1_NodeScore__Output)[];
}
