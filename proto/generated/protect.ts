import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Protect as _larder_v1_Protect, Protect__Output as _larder_v1_Protect__Output } from './larder/v1/Protect.ts';
import type { Protections as _larder_v1_Protections, Protections__Output as _larder_v1_Protections__Output } from './larder/v1/Protections.ts';
import type { VisitCount as _larder_v1_VisitCount, VisitCount__Output as _larder_v1_VisitCount__Output } from './larder/v1/VisitCount.ts';
import type { VisitCounts as _larder_v1_VisitCounts, VisitCounts__Output as _larder_v1_VisitCounts__Output } from './larder/v1/VisitCounts.ts';
import type { VisitObjects as _larder_v1_VisitObjects, VisitObjects__Output as _larder_v1_VisitObjects__Output } from './larder/v1/VisitObjects.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  larder: {
    v1: {
      Protect: MessageTypeDefinition<_larder_v1_Protect, _larder_v1_Protect__Output>
      Protections: MessageTypeDefinition<_larder_v1_Protections, _larder_v1_Protections__Output>
      VisitCount: MessageTypeDefinition<_larder_v1_VisitCount, _larder_v1_VisitCount__Output>
      VisitCounts: MessageTypeDefinition<_larder_v1_VisitCounts, _larder_v1_VisitCounts__Output>
      VisitObjects: MessageTypeDefinition<_larder_v1_VisitObjects, _larder_v1_VisitObjects__Output>
    }
  }
}

