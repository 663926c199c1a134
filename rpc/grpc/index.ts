/** The control plane: gRPC channels, servers, and errors across them. */
export type { CallOptions, ClientStream } from './calls.ts';
export { connectMaster } from './channel.ts';
export type {
  AuditApi,
  Bidirectional,
  CatalogApi,
  ChannelOptions,
  ClientStreaming,
  ClusterApi,
  MasterChannel,
  PreloadApi,
  ServerStreaming,
  Unary,
} from './channel.ts';
export { Handlers } from './handlers.ts';
export type { CallContext, ServerStream } from './handlers.ts';
export { assertMayListen, formatAddress, isLoopback, parseAddress } from './listen.ts';
export type { Address } from './listen.ts';
export {
  ALL_REPLICAS,
  datasetFromWire,
  entryFromWire,
  entryToWire,
  memberFromWire,
  memberToWire,
  replicaCount,
  policyFromWire,
  replicasFromWire,
  settingsFromWire,
  settingsToWire,
} from './messages.ts';
export { encodedOnce } from './protos.ts';
export { createGrpcServer } from './server.ts';
export type { GrpcServer, GrpcServerOptions, GrpcService } from './server.ts';
export { fromFailure, fromStatus, GRPC_STATUS, toFailure, toStatus } from './status.ts';
export type { WireFailure } from './status.ts';
