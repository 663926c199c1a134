// Original file: proto/larder/v1/cluster.proto

import type { Member as _larder_v1_Member, Member__Output as _larder_v1_Member__Output } from '../../larder/v1/Member.ts';
import type { OriginCounters as _larder_v1_OriginCounters, OriginCounters__Output as _larder_v1_OriginCounters__Output } from '../../larder/v1/OriginCounters.ts';
import type { ReadCounters as _larder_v1_ReadCounters, ReadCounters__Output as _larder_v1_ReadCounters__Output } from '../../larder/v1/ReadCounters.ts';
import type { Disk as _larder_v1_Disk, Disk__Output as _larder_v1_Disk__Output } from '../../larder/v1/Disk.ts';
import type { Long } from '@grpc/proto-loader';

export interface WorkerStatus {
  'member'?: (_larder_v1_Member | null);
  'alive'?: (boolean);
  'capacity_bytes'?: (number | string | Long);
  'used_bytes'?: (number | string | Long);
  'origin'?: (_larder_v1_OriginCounters | null);
  'reads'?: (_larder_v1_ReadCounters | null);
  'version'?: (string);
  'disks'?: (_larder_v1_Disk)[];
}

export interface WorkerStatus__Output {
  'member': (_larder_v1_Member__Output | null);
  'alive': (boolean);
  'capacity_bytes': (number);
  'used_bytes': (number);
  'origin': (_larder_v1_OriginCounters__Output | null);
  'reads': (_larder_v1_ReadCounters__Output | null);
  'version': (string);
  'disks': (_larder_v1_Disk__Output)[];
}
