// Original file: proto/larder/v1/cluster.proto


export interface ReportPlain {
  'dataset_id'?: (number);
}

export interface ReportPlain__Output {
  'dataset_id': (number);
}
