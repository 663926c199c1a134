// Original file: proto/larder/v1/audit.proto

import type { AuditProgress as _larder_v1_AuditProgress, AuditProgress__Output as _larder_v1_AuditProgress__Output } from '../../larder/v1/AuditProgress.ts';
import type { AuditDone as _larder_v1_AuditDone, AuditDone__Output as _larder_v1_AuditDone__Output } from '../../larder/v1/AuditDone.ts';
import type { AuditDifference as _larder_v1_AuditDifference, AuditDifference__Output as _larder_v1_AuditDifference__Output } from '../../larder/v1/AuditDifference.ts';

export interface AuditEvent {
  'progress'?: (_larder_v1_AuditProgress | null);
  'done'?: (_larder_v1_AuditDone | null);
  'differences'?: (_larder_v1_AuditDifference)[];
}

export interface AuditEvent__Output {
  'progress': (_larder_v1_AuditProgress__Output | null);
  'done': (_larder_v1_AuditDone__Output | null);
  'differences': (_larder_v1_AuditDifference__Output)[];
}
