/**
 * The S3 server as a process: `node test/support/s3/main.ts --bucket NAME=DIRECTORY … [--port N]`.
 *
 * Credentials come from S3_ACCESS_KEY and S3_SECRET_KEY; without them anonymous requests are allowed.
 * Prints its endpoint on a line of its own; ends with SIGTERM or SIGINT.
 */
import { parseArgs } from 'node:util';
import { startS3Server } from './s3-server.ts';

const { values } = parseArgs({
  options: {
    bucket: { type: 'string', multiple: true, default: [] },
    port: { type: 'string', default: '0' },
    region: { type: 'string', default: 'us-east-1' },
  },
});
const { S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey } = process.env;
const credentials =
  accessKeyId === undefined || secretAccessKey === undefined
    ? []
    : [{ accessKeyId, secretAccessKey }];

const server = await startS3Server({
  port: Number(values.port),
  region: values.region,
  credentials,
});
for (const bucket of values.bucket) {
  const [name = '', directory] = bucket.split(/=(.*)/s, 2);
  server.createBucket(name);
  if (directory !== undefined) server.putDirectory(name, directory);
}
process.stdout.write(`${server.endpoint}\n`);

const stop = () => void server[Symbol.asyncDispose]().then(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
