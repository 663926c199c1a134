// Original file: proto/larder/v1/audit.proto

import type { AuditProgress as _larder_v1_AuditProgress, AuditProgress__Output as _larder_v1_AuditProgress__Output } from '../../larder/v1/AuditProgress.ts';
import type { AuditDone as _larder_v1_AuditDone, AuditDone__Output as _larder_v1_AuditDone__Output } from '../../larder/v1/AuditDone.ts';

export interface AuditEvent {
  'progress'?: (_larder_v1_AuditProgress | null);
  'done'?: (_larder_v1_AuditDone | null);
}

export interface AuditEvent__Output {
  'progress': (_larder_v1_AuditProgress__Output | null);
  'done': (_larder_v1_AuditDone__Output | null);
}
