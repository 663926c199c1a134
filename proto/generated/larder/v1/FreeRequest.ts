// Original file: proto/larder/v1/space.proto


export interface FreeRequest {
  'dataset'?: (string);
  'version'?: (number);
  'paths'?: (Buffer | Uint8Array | string)[];
  'on'?: (string)[];
  'dry_run'?: (boolean);
}

export interface FreeRequest__Output {
  'dataset': (string);
  'version': (number);
  'paths': (Buffer)[];
  'on': (string)[];
  'dry_run': (boolean);
}
