/** An S3 server with bucket `b`, a master and a worker in this process, and the SDK connected to them. */
import path from 'node:path';
import { startMaster } from '../../master/index.ts';
import type { Master } from '../../master/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Larder } from '../../sdk/index.ts';
import { startWorker } from '../../worker/index.ts';
import type { Worker } from '../../worker/index.ts';
import { TEST_CREDENTIALS, TestLarder } from './larder.ts';
import { startS3Server } from './s3/index.ts';
import type { S3Server } from './s3/index.ts';

export class TestCluster implements AsyncDisposable {
  readonly scratch: TestLarder;
  readonly s3: S3Server;
  readonly master: Master;
  readonly larder: Larder;
  readonly #worker: Worker;

  static async start(): Promise<TestCluster> {
    const scratch = new TestLarder();
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    });
    const s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
    const master = await startMaster({ dataDir: scratch.folder('master'), listen: '127.0.0.1:0' });
    return new TestCluster({ scratch, s3, master }, await join(scratch, master, 'worker'));
  }

  constructor(
    { scratch, s3, master }: Pick<TestCluster, 'scratch' | 's3' | 'master'>,
    worker: Worker,
  ) {
    this.scratch = scratch;
    this.s3 = s3;
    this.master = master;
    this.#worker = worker;
    this.larder = connect({ master: master.address, workerSocket: socketOf(scratch, 'worker') });
  }

  /** One more, to be disposed of by the caller. */
  addWorker(name: string): Promise<Worker> {
    return join(this.scratch, this.master, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.larder[Symbol.asyncDispose]();
    await this.#worker[Symbol.asyncDispose]();
    await this.master[Symbol.asyncDispose]();
    await this.s3[Symbol.asyncDispose]();
    await this.scratch[Symbol.asyncDispose]();
  }
}

function socketOf(scratch: TestLarder, name: string): string {
  return path.join(scratch.directory, `${name}.sock`);
}

function join(scratch: TestLarder, master: Master, name: string): Promise<Worker> {
  return startWorker({
    master: master.address,
    cacheDirs: [scratch.folder(name)],
    capacities: [256 * 1024 * 1024],
    listen: '127.0.0.1:0',
    socket: socketOf(scratch, name),
    softwareVersion: 'test',
  });
}
