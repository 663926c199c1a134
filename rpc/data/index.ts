/** Sockets of the data plane. */
export { formatAddress, tcpAddress } from './address.ts';
export type { DataAddress } from './address.ts';
export { DataClient } from './client.ts';
export type { ReadAnswer, StreamAnswer } from './answers.ts';
export type { DataClientOptions, RequestOptions } from './client-options.ts';
export type { PieceSink } from './receivers.ts';
export { Links } from './links.ts';
export type { LinksOptions } from './links.ts';
export { DataServer } from './server.ts';
export { ConnectionSlots } from './connection-slots.ts';
export type { DataServerOptions } from './server-connection.ts';
export { isCached } from './sendfile.ts';
export type { ManyObject } from './receivers.ts';
export { serveRequest } from './serve-request.ts';
export type { DataHandler, DataSession, Reply } from './serve-request.ts';
export type { ByteShare } from './shared-bytes.ts';
export type { FileBytes, Part } from './socket-output.ts';
