// Original file: proto/larder/v1/space.proto


export interface PinRequest {
  'dataset'?: (string);
  'version'?: (number);
  'paths'?: (Buffer | Uint8Array | string)[];
}

export interface PinRequest__Output {
  'dataset': (string);
  'version': (number);
  'paths': (Buffer)[];
}
