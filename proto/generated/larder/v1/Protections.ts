// Original file: proto/larder/v1/protect.proto


export interface Protections {
  'names'?: (string)[];
}

export interface Protections__Output {
  'names': (string)[];
}
