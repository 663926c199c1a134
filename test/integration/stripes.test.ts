/** Objects above 1 GiB have an owner per stripe: preloaded, held, read and counted there. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Disposals, silentLogger } from '../../common/index.ts';
import { startMaster } from '../../master/index.ts';
import { connect } from '../../sdk/index.ts';
import { startWorker } from '../../worker/index.ts';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { startS3Server } from '../support/s3/index.ts';

const GIB = 2 ** 30;
const SIZE = 3 * GIB;

test(
  'each stripe is fetched once, by its owner, and lies there',
  { timeout: 600_000 },
  async () => {
    await using all = new Disposals();
    const scratch = all.use(new TestLarder());
    const origin = scratch.folder('origin');
    const file = path.join(origin, 'weights');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, SIZE);
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, 'the end of one, and the begin of the next', GIB - 20);
    fs.closeSync(fd);
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    });
    const s3 = all.use(await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] }));
    s3.putDirectory('b', origin);
    const master = all.use(
      await startMaster({ dataDir: scratch.folder('master'), listen: '127.0.0.1:0' }),
    );
    for (const name of ['one', 'two', 'three']) {
      const worker = all.use(
        await startWorker({
          master: master.address,
          cacheDirs: [scratch.folder(name)],
          // Ids are random: one worker may own all stripes.
          capacities: [3.5 * GIB],
          listen: '127.0.0.1:0',
          socket: path.join(scratch.directory, `${name}.sock`),
          softwareVersion: 'test',
          log: silentLogger,
        }),
      );
      await worker.joined();
    }
    const larder = all.use(connect({ master: master.address, client: 'test' }));
    await larder.datasets.create('data', 's3://b', {
      settings: { endpoint: s3.endpoint, region: 'us-east-1' },
    });
    const dataset = all.use(await larder.datasets.get('data'));
    let last;
    for await (const progress of dataset.preload()) last = progress;
    expect(last).toMatchObject({ state: 'complete', failures: [], targetFiles: 1, heldFiles: 1 });
    const loaded = await larder.status();
    expect(loaded.origin).toMatchObject({ bytes: SIZE, uniqueBytes: SIZE, requestedBytes: SIZE });

    const stripes = await dataset.locate('weights');
    expect(stripes.map(({ lengthBytes }) => lengthBytes)).toEqual([GIB, GIB, GIB]);
    const mount = all.use(
      await larder.openMount(
        {
          ...{ name: 'data', version: 0, holder: 'test', what: 'test' },
          stateDirectory: scratch.folder('state'),
        },
        AbortSignal.timeout(60_000),
      ),
    );
    // Asked of the owner of each stripe, about that stripe.
    const entry = await dataset.stat('weights');
    expect(entry.sizeBytes).toBe(SIZE);
    expect(await mount.heldBytes(1, AbortSignal.timeout(60_000))).toBe(SIZE);

    await using opened = await dataset.open('weights');
    const across = await opened.read(GIB - 20, 41);
    expect(across.toString()).toBe('the end of one, and the begin of the next');
    expect((await larder.status()).origin.bytes).toBe(SIZE);
  },
);
