/** Sockets of the data plane. */
export { formatAddress, tcpAddress } from './address.ts';
export type { DataAddress } from './address.ts';
export { DataClient } from './client.ts';
export type { DataClientOptions, ReadAnswer, RequestOptions } from './client.ts';
export { DataServer } from './server.ts';
export { ConnectionSlots } from './connection-slots.ts';
export type { DataServerOptions } from './server-connection.ts';
export { isCached } from './sendfile.ts';
export type { ManyObject } from './receivers.ts';
export { serveRequest } from './serve-request.ts';
export type { DataHandler, DataSession, Reply } from './serve-request.ts';
export type { ByteShare } from './shared-bytes.ts';
export type { FileBytes, Part } from './socket-output.ts';
