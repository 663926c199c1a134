// Original file: proto/larder/v1/preload.proto


export interface PreloadFailure {
  'path'?: (Buffer | Uint8Array | string);
  'code'?: (string);
  'message'?: (string);
}

export interface PreloadFailure__Output {
  'path': (Buffer);
  'code': (string);
  'message': (string);
}
