// Original file: proto/larder/v1/cluster.proto

import type { DatasetReplicas as _larder_v1_DatasetReplicas, DatasetReplicas__Output as _larder_v1_DatasetReplicas__Output } from '../../larder/v1/DatasetReplicas.ts';

export interface ReplicaSettings {
  'datasets'?: (_larder_v1_DatasetReplicas)[];
}

export interface ReplicaSettings__Output {
  'datasets': (_larder_v1_DatasetReplicas__Output)[];
}
