/** A small S3 server for tests and for the quick start. */
export { startS3Server } from './s3-server.ts';
export type { S3Counters, S3Request, S3Server, S3ServerOptions } from './s3-server.ts';
export type { PutOptions } from './bucket-store.ts';
export type { FaultAction, FaultRule, Faults, S3Operation } from './faults.ts';
export { patternBytes } from './object-body.ts';
export type { ObjectBody } from './object-body.ts';
export type { S3Credentials } from './signature.ts';
