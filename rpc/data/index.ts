/** Sockets of the data plane. */
export { formatAddress, tcpAddress } from './address.ts';
export type { DataAddress } from './address.ts';
export { DataClient } from './client.ts';
export type {
  DataClientOptions,
  PieceSink,
  ReadAnswer,
  RequestOptions,
  StreamAnswer,
} from './client.ts';
export { Links } from './links.ts';
export type { LinksOptions } from './links.ts';
export { DataServer } from './server.ts';
export type { DataHandler, DataServerOptions, DataSession, Reply } from './server-connection.ts';
