// Original file: proto/larder/v1/space.proto

import type { FreeCount as _larder_v1_FreeCount, FreeCount__Output as _larder_v1_FreeCount__Output } from '../../larder/v1/FreeCount.ts';

export interface FreedWorker {
  'worker_id'?: (string);
  'node'?: (string);
  'failure_code'?: (string);
  'failure'?: (string);
  'counts'?: (_larder_v1_FreeCount)[];
}

export interface FreedWorker__Output {
  'worker_id': (string);
  'node': (string);
  'failure_code': (string);
  'failure': (string);
  'counts': (_larder_v1_FreeCount__Output)[];
}
