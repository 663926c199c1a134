// Original file: proto/larder/v1/preload.proto


export interface StartPreloadRequest {
  'dataset'?: (string);
  'version'?: (number);
  'paths'?: (Buffer | Uint8Array | string)[];
}

export interface StartPreloadRequest__Output {
  'dataset': (string);
  'version': (number);
  'paths': (Buffer)[];
}
