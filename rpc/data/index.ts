/** Sockets of the data plane. */
export { formatAddress, tcpAddress } from './address.ts';
export type { DataAddress } from './address.ts';
export { DataClient } from './client.ts';
export type { DataClientOptions, ReadAnswer, RequestOptions } from './client.ts';
export { DataServer } from './server.ts';
export type { DataHandler, DataServerOptions, DataSession, Reply } from './server-connection.ts';
