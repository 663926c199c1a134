import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AuditClient as _larder_v1_AuditClient, AuditDefinition as _larder_v1_AuditDefinition } from './larder/v1/Audit.ts';
import type { AuditCount as _larder_v1_AuditCount, AuditCount__Output as _larder_v1_AuditCount__Output } from './larder/v1/AuditCount.ts';
import type { AuditDifference as _larder_v1_AuditDifference, AuditDifference__Output as _larder_v1_AuditDifference__Output } from './larder/v1/AuditDifference.ts';
import type { AuditDone as _larder_v1_AuditDone, AuditDone__Output as _larder_v1_AuditDone__Output } from './larder/v1/AuditDone.ts';
import type { AuditEvent as _larder_v1_AuditEvent, AuditEvent__Output as _larder_v1_AuditEvent__Output } from './larder/v1/AuditEvent.ts';
import type { AuditPart as _larder_v1_AuditPart, AuditPart__Output as _larder_v1_AuditPart__Output } from './larder/v1/AuditPart.ts';
import type { AuditProgress as _larder_v1_AuditProgress, AuditProgress__Output as _larder_v1_AuditProgress__Output } from './larder/v1/AuditProgress.ts';
import type { AuditRequest as _larder_v1_AuditRequest, AuditRequest__Output as _larder_v1_AuditRequest__Output } from './larder/v1/AuditRequest.ts';
import type { AuditedWorker as _larder_v1_AuditedWorker, AuditedWorker__Output as _larder_v1_AuditedWorker__Output } from './larder/v1/AuditedWorker.ts';
import type { ScanDataset as _larder_v1_ScanDataset, ScanDataset__Output as _larder_v1_ScanDataset__Output } from './larder/v1/ScanDataset.ts';
import type { ScannedProblem as _larder_v1_ScannedProblem, ScannedProblem__Output as _larder_v1_ScannedProblem__Output } from './larder/v1/ScannedProblem.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  larder: {
    v1: {
      Audit: SubtypeConstructor<typeof grpc.Client, _larder_v1_AuditClient> & { service: _larder_v1_AuditDefinition }
      AuditCount: MessageTypeDefinition<_larder_v1_AuditCount, _larder_v1_AuditCount__Output>
      AuditDifference: MessageTypeDefinition<_larder_v1_AuditDifference, _larder_v1_AuditDifference__Output>
      AuditDone: MessageTypeDefinition<_larder_v1_AuditDone, _larder_v1_AuditDone__Output>
      AuditEvent: MessageTypeDefinition<_larder_v1_AuditEvent, _larder_v1_AuditEvent__Output>
      AuditPart: MessageTypeDefinition<_larder_v1_AuditPart, _larder_v1_AuditPart__Output>
      AuditProgress: MessageTypeDefinition<_larder_v1_AuditProgress, _larder_v1_AuditProgress__Output>
      AuditRequest: MessageTypeDefinition<_larder_v1_AuditRequest, _larder_v1_AuditRequest__Output>
      AuditedWorker: MessageTypeDefinition<_larder_v1_AuditedWorker, _larder_v1_AuditedWorker__Output>
      ScanDataset: MessageTypeDefinition<_larder_v1_ScanDataset, _larder_v1_ScanDataset__Output>
      ScannedProblem: MessageTypeDefinition<_larder_v1_ScannedProblem, _larder_v1_ScannedProblem__Output>
    }
  }
}

