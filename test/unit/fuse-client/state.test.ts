import { closeSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { SharedState, SLOT_COUNT, STATE_BYTES } from '../../../fuse-client/state.ts';
import { mapShared, memoryFile } from '../../../fuse-client/syscalls.ts';

const fds: number[] = [];
function create() {
  const fd = memoryFile('larder-test');
  fds.push(fd);
  return { fd, state: SharedState.create(fd) };
}

afterEach(() => {
  for (const fd of fds.splice(0)) closeSync(fd);
});

describe('the state that outlives a server', () => {
  test('is the same for everyone who maps it', () => {
    const { fd, state } = create();
    const other = SharedState.open(fd);
    expect(other.negotiated).toBeUndefined();
    state.negotiate({
      minor: 45,
      kernelFlags: 0x7fff_ffff,
      kernelFlags2: 0x80,
      flags: 1,
      flags2: 2,
    });
    state.beat();
    state.source = '{"name":"ü"}';
    state.device = '0:4711';
    state.takeOver(99);
    expect(other.negotiated).toEqual(state.negotiated);
    expect(other).toMatchObject({
      heartbeat: 1,
      source: '{"name":"ü"}',
      device: '0:4711',
      serverPid: 99,
    });
    expect(other.countServer()).toBe(1);
    expect(state.countServer()).toBe(2);
  });

  test('remembers the open mode, and counts opens by how they ended', () => {
    const { fd, state } = create();
    const other = SharedState.open(fd);
    expect(other.decision).toBeUndefined();
    const decision = {
      mode: 'none',
      why: 'small-files',
      sampledFiles: 64,
      smallFiles: 40,
    } as const;
    state.decide(decision);
    expect(other.decision).toEqual(decision);
    state.countOpen('passthrough');
    state.countOpen('empty');
    state.countOpen('empty');
    expect(other.openCounts).toEqual({ passthrough: 1, empty: 2 });
    state.refusal = 'privilege';
    expect(other.refusal).toBe('privilege');
    other.takeOver(7);
    expect(state.refusal).toBeUndefined();
  });

  test('of another format version is refused', () => {
    const { fd } = create();
    new Int32Array(mapShared(fd, 4096))[1] = 999;
    expect(() => SharedState.open(fd)).toThrow('PROTOCOL_MISMATCH');
  });

  test('has its format fixed: bump FORMAT_VERSION with any change of these numbers', () => {
    const { fd, state } = create();
    state.beat();
    state.takeOver(0x1234);
    const slot = state.take();
    state.slotWords(slot)[0] = 40;
    expect(STATE_BYTES).toBe(9_515_008);
    const words = new Int32Array(mapShared(fd, STATE_BYTES));
    expect([...words.slice(0, 12)]).toEqual([0x5344_524c, 2, 0, 0, 0, 0, 0, 0, 1, 0x1234, 0, 0]);
    // The state of slot 0: after header (4 KiB), source (32 KiB) and open table (1,081,408 bytes).
    expect(words[1_118_272 / 4]).toBe(1);
    // The first slot, on a page.
    expect(words[1_126_400 / 4]).toBe(40);
  });

  test('keeps what a server left: requests become deferred, the rest is free', () => {
    const { fd, state } = create();
    const [reading, deferred, empty] = [state.take(), state.take(), state.take()];
    state.slotWords(reading)[0] = 64;
    state.slotWords(reading)[2] = 10;
    state.slotWords(deferred)[0] = 64;
    state.slotWords(deferred)[2] = 12;
    state.defer(deferred);
    expect(state.holdsRequest(12)).toBe(true);
    const successor = SharedState.open(fd);
    expect(successor.collectRequests()).toEqual([reading, deferred]);
    expect(successor.take()).toBe(empty);
    successor.release(reading);
    expect(successor.take()).toBe(reading);
    expect(successor.slotWords(reading)[0]).toBe(0);
  });

  test('forgets all requests where the kernel sends them again', () => {
    const { state } = create();
    for (let i = 0; i < 5; i++) state.slotWords(state.take())[0] = 64;
    state.clearSlots();
    expect(state.collectRequests()).toEqual([]);
  });

  test('has a bounded number of slots', () => {
    const { state } = create();
    const taken = new Set(Array.from({ length: SLOT_COUNT }, () => state.take()));
    expect(taken.size).toBe(SLOT_COUNT);
    expect(state.take()).toBe(-1);
    state.release(17);
    expect(state.take()).toBe(17);
  });
});
