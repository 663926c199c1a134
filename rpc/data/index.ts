/** Sockets of the data plane. */
export { formatAddress, tcpAddress } from './address.ts';
export type { DataAddress } from './address.ts';
export { DataClient } from './client.ts';
export type { ReadAnswer, StreamAnswer } from './answers.ts';
export type { DataClientOptions, RequestOptions } from './client-options.ts';
export type { PieceSink } from './receiving.ts';
export { Links } from './links.ts';
export type { LinksOptions } from './links.ts';
export { DataServer } from './server.ts';
export type { DataHandler, DataServerOptions, DataSession, Reply } from './server-connection.ts';
