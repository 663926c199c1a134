// Original file: proto/larder/v1/cluster.proto


export interface SkippedEntry {
  'key'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
}

export interface SkippedEntry__Output {
  'key': (Buffer);
  'reason': (string);
}
