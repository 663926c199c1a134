// Original file: proto/larder/v1/cluster.proto

import type { WorkerStatus as _larder_v1_WorkerStatus, WorkerStatus__Output as _larder_v1_WorkerStatus__Output } from '../../larder/v1/WorkerStatus.ts';
import type { DatasetStatus as _larder_v1_DatasetStatus, DatasetStatus__Output as _larder_v1_DatasetStatus__Output } from '../../larder/v1/DatasetStatus.ts';
import type { LeaseStatus as _larder_v1_LeaseStatus, LeaseStatus__Output as _larder_v1_LeaseStatus__Output } from '../../larder/v1/LeaseStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface ClusterStatus {
  'placement'?: (number | string | Long);
  'workers'?: (_larder_v1_WorkerStatus)[];
  'datasets'?: (_larder_v1_DatasetStatus)[];
  'leases'?: (_larder_v1_LeaseStatus)[];
  'version'?: (string);
  'wall_ms'?: (number | string | Long);
}

export interface ClusterStatus__Output {
  'placement': (number);
  'workers': (_larder_v1_WorkerStatus__Output)[];
  'datasets': (_larder_v1_DatasetStatus__Output)[];
  'leases': (_larder_v1_LeaseStatus__Output)[];
  'version': (string);
  'wall_ms': (number);
}
