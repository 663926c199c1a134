/** A master in a process of its own, and a thousand who watch the placement. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Disposals } from '../../common/index.ts';
import { LmdbStore } from '../../master/lmdb-store.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import { workers } from '../support/placements.ts';
import { eventually } from './master-support.ts';
import { MasterProcess } from './master-processes.ts';

const MEMBERS = 300;
const WATCHERS = 1000;
/** The server takes a thousand streams per connection; each of these is one. */
const CHANNELS = 8;

test('a thousand watchers each get every change, and calls are answered meanwhile', async () => {
  await using all = new Disposals();
  const dataDir = mkdtempSync(join(tmpdir(), 'larder-master-'));
  all.defer(async () => {
    rmSync(dataDir, { recursive: true });
  });
  {
    await using store = new LmdbStore(join(dataDir, 'catalog.lmdb'));
    await store.putPlacement({ number: 7, members: workers(MEMBERS) });
  }
  // They are away, and stay members for the grace time.
  const master = all.use(await MasterProcess.start(dataDir, '127.0.0.1:0', { graceMs: 600_000 }));
  const channels = Array.from({ length: CHANNELS }, () =>
    all.use(connectMaster({ address: master.address })),
  );
  const stop = new AbortController();
  const seen = new Int32Array(WATCHERS);
  const watching = Array.from({ length: WATCHERS }, async (_, i) => {
    const channel = channels[i % CHANNELS];
    const options = { signal: stop.signal };
    for await (const placement of channel?.cluster.watchPlacement({}, options) ?? []) {
      expect(placement.members).toHaveLength(MEMBERS);
      seen[i] = placement.number;
    }
  });
  const ended = Promise.allSettled(watching);
  const behind = (number: number) => seen.filter((last) => last !== number).length;
  await eventually(
    () => behind(7),
    (count) => count === 0,
    60_000,
  );
  const [channel] = channels;
  for (let number = 8; number < 11; number += 1) {
    const worker = `worker-${String(number)}`;
    await channel?.cluster.drainWorker({ worker });
    const status = await channel?.cluster.getStatus({});
    expect(status?.placement).toBe(number);
    await eventually(
      () => behind(number),
      (count) => count === 0,
      60_000,
    );
  }
  stop.abort();
  await ended;
});
