// Original file: proto/larder/v1/cluster.proto

import type { ListingEntry as _larder_v1_ListingEntry, ListingEntry__Output as _larder_v1_ListingEntry__Output } from '../../larder/v1/ListingEntry.ts';
import type { SkippedEntry as _larder_v1_SkippedEntry, SkippedEntry__Output as _larder_v1_SkippedEntry__Output } from '../../larder/v1/SkippedEntry.ts';
import type { Failure as _larder_v1_Failure, Failure__Output as _larder_v1_Failure__Output } from '../../larder/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface ListingBatch {
  'command'?: (number | string | Long);
  'entries'?: (_larder_v1_ListingEntry)[];
  'skipped'?: (_larder_v1_SkippedEntry)[];
  'last'?: (boolean);
  'failure'?: (_larder_v1_Failure | null);
}

export interface ListingBatch__Output {
  'command': (number);
  'entries': (_larder_v1_ListingEntry__Output)[];
  'skipped': (_larder_v1_SkippedEntry__Output)[];
  'last': (boolean);
  'failure': (_larder_v1_Failure__Output | null);
}
