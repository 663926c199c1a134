// Original file: proto/larder/v1/cluster.proto

import type { OriginCounters as _larder_v1_OriginCounters, OriginCounters__Output as _larder_v1_OriginCounters__Output } from '../../larder/v1/OriginCounters.ts';
import type { ReadCounters as _larder_v1_ReadCounters, ReadCounters__Output as _larder_v1_ReadCounters__Output } from '../../larder/v1/ReadCounters.ts';
import type { MoveCounters as _larder_v1_MoveCounters, MoveCounters__Output as _larder_v1_MoveCounters__Output } from '../../larder/v1/MoveCounters.ts';
import type { PeerCounters as _larder_v1_PeerCounters, PeerCounters__Output as _larder_v1_PeerCounters__Output } from '../../larder/v1/PeerCounters.ts';
import type { OriginTrouble as _larder_v1_OriginTrouble, OriginTrouble__Output as _larder_v1_OriginTrouble__Output } from '../../larder/v1/OriginTrouble.ts';
import type { Disk as _larder_v1_Disk, Disk__Output as _larder_v1_Disk__Output } from '../../larder/v1/Disk.ts';
import type { DatasetPattern as _larder_v1_DatasetPattern, DatasetPattern__Output as _larder_v1_DatasetPattern__Output } from '../../larder/v1/DatasetPattern.ts';
import type { OriginDemand as _larder_v1_OriginDemand, OriginDemand__Output as _larder_v1_OriginDemand__Output } from '../../larder/v1/OriginDemand.ts';
import type { DecisionCount as _larder_v1_DecisionCount, DecisionCount__Output as _larder_v1_DecisionCount__Output } from '../../larder/v1/DecisionCount.ts';
import type { TransitCounters as _larder_v1_TransitCounters, TransitCounters__Output as _larder_v1_TransitCounters__Output } from '../../larder/v1/TransitCounters.ts';
import type { WorkerPlan as _larder_v1_WorkerPlan, WorkerPlan__Output as _larder_v1_WorkerPlan__Output } from '../../larder/v1/WorkerPlan.ts';
import type { Long } from '@grpc/proto-loader';

export interface Heartbeat {
  'capacity_bytes'?: (number | string | Long);
  'used_bytes'?: (number | string | Long);
  'origin'?: (_larder_v1_OriginCounters | null);
  'reads'?: (_larder_v1_ReadCounters | null);
  'held_reported'?: (boolean);
  'moves'?: (_larder_v1_MoveCounters | null);
  'peers'?: (_larder_v1_PeerCounters | null);
  'origin_troubles'?: (_larder_v1_OriginTrouble)[];
  'disks'?: (_larder_v1_Disk)[];
  'patterns'?: (_larder_v1_DatasetPattern)[];
  'origin_demands'?: (_larder_v1_OriginDemand)[];
  'decisions'?: (_larder_v1_DecisionCount)[];
  'transit'?: (_larder_v1_TransitCounters | null);
  'plans'?: (_larder_v1_WorkerPlan)[];
}

export interface Heartbeat__Output {
  'capacity_bytes': (number);
  'used_bytes': (number);
  'origin': (_larder_v1_OriginCounters__Output | null);
  'reads': (_larder_v1_ReadCounters__Output | null);
  'held_reported': (boolean);
  'moves': (_larder_v1_MoveCounters__Output | null);
  'peers': (_larder_v1_PeerCounters__Output | null);
  'origin_troubles': (_larder_v1_OriginTrouble__Output)[];
  'disks': (_larder_v1_Disk__Output)[];
  'patterns': (_larder_v1_DatasetPattern__Output)[];
  'origin_demands': (_larder_v1_OriginDemand__Output)[];
  'decisions': (_larder_v1_DecisionCount__Output)[];
  'transit': (_larder_v1_TransitCounters__Output | null);
  'plans': (_larder_v1_WorkerPlan__Output)[];
}
