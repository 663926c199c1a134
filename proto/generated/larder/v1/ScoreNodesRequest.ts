// Original file: proto/larder/v1/nodes.proto


export interface ScoreNodesRequest {
  'dataset'?: (string);
  'version'?: (number);
}

export interface ScoreNodesRequest__Output {
  'dataset': (string);
  'version': (number);
}
