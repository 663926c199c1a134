// Original file: proto/larder/v1/catalog.proto


export interface SkippedKey {
  'key'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
}

export interface SkippedKey__Output {
  'key': (Buffer);
  'reason': (string);
}
