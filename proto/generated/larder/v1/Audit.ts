// Original file: proto/larder/v1/audit.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AuditEvent as _larder_v1_AuditEvent, AuditEvent__Output as _larder_v1_AuditEvent__Output } from '../../larder/v1/AuditEvent.ts';
import type { AuditRequest as _larder_v1_AuditRequest, AuditRequest__Output as _larder_v1_AuditRequest__Output } from '../../larder/v1/AuditRequest.ts';

export interface AuditClient extends grpc.Client {
  AuditDataset(argument: _larder_v1_AuditRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_AuditEvent__Output>;
  AuditDataset(argument: _larder_v1_AuditRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_AuditEvent__Output>;
  auditDataset(argument: _larder_v1_AuditRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_AuditEvent__Output>;
  auditDataset(argument: _larder_v1_AuditRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_AuditEvent__Output>;
  
}

export interface AuditHandlers extends grpc.UntypedServiceImplementation {
  AuditDataset: grpc.handleServerStreamingCall<_larder_v1_AuditRequest__Output, _larder_v1_AuditEvent>;
  
}

export interface AuditDefinition extends grpc.ServiceDefinition {
  AuditDataset: MethodDefinition<_larder_v1_AuditRequest, _larder_v1_AuditEvent, _larder_v1_AuditRequest__Output, _larder_v1_AuditEvent__Output>
}
