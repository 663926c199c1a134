/** Who may be a worker: restarted processes, copied cache directories, a master that stood still. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PROTOCOL_VERSION, systemClock } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import type { MasterChannel } from '../../rpc/grpc/index.ts';
import { MasterProcess } from './master-processes.ts';
import { eventually, FakeWorker, FAST, TestMaster } from './master-support.ts';

let master: TestMaster;
beforeEach(async () => {
  master = await TestMaster.start();
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
});

const workersOf = async (channel: MasterChannel) => {
  const { workers } = await channel.cluster.getStatus({});
  return workers.map(({ member, alive }) => ({ node: member?.node, alive }));
};

/** A process that says hello and nothing more, such as one that hangs. */
function helloOf(node: string, incarnation: string, signal = AbortSignal.timeout(20_000)) {
  const stream = master.channel.cluster.join({ signal });
  const member = { worker_id: 'w1', weight_bytes: 1000, data_address: 'h:1', node };
  const ended = (async () => {
    await stream.send({
      hello: { member, version: 'test', protocol: PROTOCOL_VERSION, incarnation },
    });
    for await (const message of stream.messages) if (message.placement) return;
  })();
  ended.catch(() => undefined);
  return ended;
}

test('a copy of the cache directory is refused while the first worker lives, with both addresses', async () => {
  const first = await master.worker('w1', { node: 'a' });
  for (const node of ['b', 'a']) {
    await expect(helloOf(node, 'copy')).rejects.toMatchObject({
      code: 'WORKER_ID_TAKEN',
      facts: { worker: 'w1', node: 'a', dataAddress: '127.0.0.1:1', refusedDataAddress: 'h:1' },
    });
  }
  expect(await workersOf(master.channel)).toEqual([{ node: 'a', alive: true }]);
  expect(first.membership.connected).toBe(true);
  // The copy keeps asking, and is the worker when the first is gone.
  await using copy = new FakeWorker({ address: master.address, id: 'w1', node: 'b' });
  await first[Symbol.asyncDispose]();
  await copy.membership.joined(AbortSignal.timeout(5000));
  expect(await workersOf(master.channel)).toEqual([{ node: 'b', alive: true }]);
});

test('a process that was started again is in at once', async () => {
  const first = await master.worker('w1', { node: 'a' });
  await first[Symbol.asyncDispose]();
  // Its lease goes on; the time of one is not waited for.
  const { signal } = abortBefore(FAST.leaseMs);
  await expect(helloOf('a', 'restarted', signal)).resolves.toBeUndefined();
});

test('one whose stream is open and that does not answer makes room on its host only', async () => {
  await helloOf('a', 'hangs');
  const hanging = helloOf('a', 'hangs');
  await hanging;
  await expect(helloOf('b', 'copy')).rejects.toMatchObject({ code: 'WORKER_ID_TAKEN' });
  await expect(helloOf('a', 'restarted')).resolves.toBeUndefined();
});

test('a clock that jumps by an hour, either way, changes nothing', async () => {
  let jumpMs = 0;
  const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + jumpMs };
  await using jumping = await TestMaster.start({ clock });
  await jumping.worker('w1');
  const away = await jumping.worker('w2');
  await away[Symbol.asyncDispose]();
  const before = await eventually(
    () => jumping.channel.cluster.getStatus({}),
    ({ workers }) => workers.some(({ alive }) => !alive),
  );
  for (const jump of [3_600_000, -3_600_000]) {
    jumpMs = jump;
    await systemClock.sleep(FAST.leaseMs / 3);
    const after = await jumping.channel.cluster.getStatus({});
    expect(after.placement).toBe(before.placement);
    expect(after.workers).toHaveLength(2);
  }
});

test('a master that stood still for longer than lease and grace time loses no member', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'larder-master-'));
  try {
    await using still = await MasterProcess.start(dataDir, '127.0.0.1:0');
    const { address } = still;
    await using channel = connectMaster({ address });
    await using here = new FakeWorker({ address, id: 'w1' });
    const gone = new FakeWorker({ address, id: 'w2' });
    await here.membership.joined();
    await gone.membership.joined();
    await gone[Symbol.asyncDispose]();
    const before = here.membership.placement.number;
    still.suspend();
    await systemClock.sleep(1.5 * (FAST.leaseMs + FAST.graceMs));
    still.resume();
    const numbers: number[] = [];
    const untilMs = systemClock.monotonicMs() + FAST.leaseMs;
    while (systemClock.monotonicMs() < untilMs) {
      numbers.push((await channel.cluster.getStatus({})).placement);
      await systemClock.sleep(20);
    }
    expect(new Set(numbers)).toEqual(new Set([before]));
    const alive = await eventually(
      () => workersOf(channel),
      (workers) => workers[0]?.alive === true,
    );
    expect(alive).toHaveLength(2);
    // Its grace time goes on where it stood, and ends.
    await eventually(
      () => workersOf(channel),
      (workers) => workers.length === 1,
    );
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});

function abortBefore(ms: number): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(ms) };
}
