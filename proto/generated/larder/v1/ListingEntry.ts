// Original file: proto/larder/v1/cluster.proto

import type { EntryKind as _larder_v1_EntryKind, EntryKind__Output as _larder_v1_EntryKind__Output } from '../../larder/v1/EntryKind.ts';
import type { Long } from '@grpc/proto-loader';

export interface ListingEntry {
  'key'?: (Buffer | Uint8Array | string);
  'kind'?: (_larder_v1_EntryKind);
  'size'?: (number | string | Long);
  'mtime_s'?: (number | string | Long);
  'mtime_ns'?: (number);
  'mode'?: (number);
  'uid'?: (number);
  'gid'?: (number);
  'etag'?: (string);
  'file_identity'?: (Buffer | Uint8Array | string);
  'symlink_target'?: (Buffer | Uint8Array | string);
}

export interface ListingEntry__Output {
  'key': (Buffer);
  'kind': (_larder_v1_EntryKind__Output);
  'size': (number);
  'mtime_s': (number);
  'mtime_ns': (number);
  'mode': (number);
  'uid': (number);
  'gid': (number);
  'etag': (string);
  'file_identity': (Buffer);
  'symlink_target': (Buffer);
}
