// Original file: proto/larder/v1/cluster.proto

import type { Hello as _larder_v1_Hello, Hello__Output as _larder_v1_Hello__Output } from '../../larder/v1/Hello.ts';
import type { Heartbeat as _larder_v1_Heartbeat, Heartbeat__Output as _larder_v1_Heartbeat__Output } from '../../larder/v1/Heartbeat.ts';
import type { HeldReport as _larder_v1_HeldReport, HeldReport__Output as _larder_v1_HeldReport__Output } from '../../larder/v1/HeldReport.ts';
import type { CommandResult as _larder_v1_CommandResult, CommandResult__Output as _larder_v1_CommandResult__Output } from '../../larder/v1/CommandResult.ts';
import type { ObjectResults as _larder_v1_ObjectResults, ObjectResults__Output as _larder_v1_ObjectResults__Output } from '../../larder/v1/ObjectResults.ts';
import type { AuditPart as _larder_v1_AuditPart, AuditPart__Output as _larder_v1_AuditPart__Output } from '../../larder/v1/AuditPart.ts';
import type { VisitCounts as _larder_v1_VisitCounts, VisitCounts__Output as _larder_v1_VisitCounts__Output } from '../../larder/v1/VisitCounts.ts';

export interface WorkerMessage {
  'hello'?: (_larder_v1_Hello | null);
  'heartbeat'?: (_larder_v1_Heartbeat | null);
  'held'?: (_larder_v1_HeldReport | null);
  'result'?: (_larder_v1_CommandResult | null);
  'objects'?: (_larder_v1_ObjectResults | null);
  'audit'?: (_larder_v1_AuditPart | null);
  'visit'?: (_larder_v1_VisitCounts | null);
  'message'?: "hello"|"heartbeat"|"held"|"result"|"objects"|"audit"|"visit";
}

export interface WorkerMessage__Output {
  'hello'?: (_larder_v1_Hello__Output | null);
  'heartbeat'?: (_larder_v1_Heartbeat__Output | null);
  'held'?: (_larder_v1_HeldReport__Output | null);
  'result'?: (_larder_v1_CommandResult__Output | null);
  'objects'?: (_larder_v1_ObjectResults__Output | null);
  'audit'?: (_larder_v1_AuditPart__Output | null);
  'visit'?: (_larder_v1_VisitCounts__Output | null);
  'message'?: "hello"|"heartbeat"|"held"|"result"|"objects"|"audit"|"visit";
}
