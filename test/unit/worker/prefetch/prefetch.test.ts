import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Placement, silentLogger } from '../../../../common/index.ts';
import type { EntryAttributes, ObjectRef } from '../../../../common/index.ts';
import type { AheadUse, RoomAhead } from '../../../../worker/admission/index.ts';
import type { RecordedOrder } from '../../../../worker/patterns/recorded-order.ts';
import { Prefetch } from '../../../../worker/prefetch/index.ts';
import type { OpenedVersion } from '../../../../worker/versions.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { refOf } from '../fetching/memory-origin.ts';

const SIZE_BYTES = 1_000;
const ENTRIES = 400;

/** A version of files 0 … 399, of which a test says what is held and what there is room for. */
class Setting {
  readonly clock = new ManualClock();
  readonly held = new Set<number>();
  readonly fetched: number[] = [];
  /** Bytes ahead of readers. */
  room = Infinity;
  /** What was said of the order that is fetched ahead in. */
  readonly known = new Set<boolean>();
  isScattered = false;
  fails = false;
  order: RecordedOrder | undefined;
  placement = new Placement(1, []);
  readonly opened: OpenedVersion;
  readonly prefetch: Prefetch;

  constructor() {
    const reader = {
      entryCount: ENTRIES,
      attributes: (ordinal: number, into: EntryAttributes) =>
        Object.assign(into, {
          ...{ kind: 'file', hidden: false, sizeBytes: SIZE_BYTES, firstBlock: ordinal },
        }),
    };
    this.opened = {
      dataset: { id: 7 },
      version: 3,
      replica: {
        reader,
        withPages: (_signal: AbortSignal, use: (it: typeof reader) => unknown) =>
          Promise.resolve(use(reader)),
      },
      objectRef: (_reader: unknown, ordinal: number) => this.ref(ordinal),
    } as unknown as OpenedVersion;
    this.prefetch = new Prefetch({
      ...{ workerId: 'me', log: silentLogger, clock: this.clock },
      placement: () => this.placement,
      orderOf: () => this.order,
      isScattered: () => this.isScattered,
      plans: { read: () => undefined, liveOf: () => [], onReady: () => undefined },
      reads: {
        holdsBlock: (_datasetId, block) => this.held.has(block),
        roomAhead: (ref, ahead) => this.#roomAhead(ref, ahead),
        fetchAhead: async (ref) => {
          await setImmediate();
          if (this.fails) throw new Error('the origin is away');
          this.fetched.push(ref.firstBlock);
          this.held.add(ref.firstBlock);
        },
      },
    });
  }

  ref(ordinal: number): ObjectRef {
    return { ...refOf(`file ${String(ordinal)}`, SIZE_BYTES), firstBlock: ordinal };
  }

  async read(ordinal: number): Promise<void> {
    this.prefetch.note(this.opened, ordinal, SIZE_BYTES);
    for (let i = 0; i < 100; i += 1) await setImmediate();
  }

  repeat(ordinals: readonly number[], cursor: number, version = 3): void {
    this.order = { datasetId: 7, version, ordinals: Uint32Array.from(ordinals), cursor };
  }

  #roomAhead(_ref: ObjectRef, { aheadBytes, isKnown }: AheadUse): RoomAhead {
    this.known.add(isKnown);
    return aheadBytes + SIZE_BYTES <= this.room ? 'room' : 'later';
  }
}

describe('Prefetch', () => {
  it('fetches what comes next in an order that is repeated, as far as there is room', async () => {
    const setting = new Setting();
    setting.room = 3 * SIZE_BYTES;
    setting.repeat([300, 20, 250, 7, 111, 60, 45], 1);
    setting.held.add(250);
    await setting.read(300);
    expect(setting.fetched).toEqual([20, 7, 111]);
    expect([...setting.known]).toEqual([true]);
    setting.repeat([300, 20, 250, 7, 111, 60, 45], 4);
    await setting.clock.advance(100);
    await setting.read(7);
    expect(setting.fetched).toEqual([20, 7, 111, 60, 45]);
  });

  it('goes on into the next epoch before this one has ended', async () => {
    const setting = new Setting();
    setting.room = 3 * SIZE_BYTES;
    setting.repeat([300, 20, 250, 7], 3);
    await setting.read(250);
    expect(setting.fetched).toEqual([7, 300, 20]);
  });

  it('leaves to other workers what they own', async () => {
    const setting = new Setting();
    const member = { dataAddress: '', node: '', weightBytes: 100, state: 'active' } as const;
    setting.placement = new Placement(1, [
      { ...member, workerId: 'me' },
      { ...member, workerId: 'other' },
    ]);
    const ordinals = Array.from({ length: 100 }, (_, i) => 399 - i);
    setting.repeat(ordinals, 1);
    await setting.read(399);
    const own = ordinals.filter(
      (it) => setting.placement.owner(setting.ref(it).objectId)?.workerId === 'me',
    );
    expect(own.length).toBeGreaterThan(20);
    expect(own.length).toBeLessThan(80);
    expect(setting.fetched.filter((it) => it !== 399)).toEqual(own.filter((it) => it !== 399));
  });

  it('fetches nothing of what is kept where it is read first', async () => {
    const setting = new Setting();
    setting.isScattered = true;
    setting.repeat([300, 20, 250, 7], 1);
    await setting.read(300);
    expect(setting.fetched).toEqual([]);
  });

  it('fetches the siblings of what is read where no order is known, or one of another version', async () => {
    for (const version of [undefined, 2]) {
      const setting = new Setting();
      if (version !== undefined) setting.repeat([300, 20], 1, version);
      for (const ordinal of [10, 11, 12, 13, 14]) await setting.read(ordinal);
      expect(setting.fetched).toContain(15);
      expect([...setting.known]).toEqual([false]);
      expect(setting.fetched).not.toContain(300);
    }
  });

  it('leaves the origin to those who read for a while after an error', async () => {
    const setting = new Setting();
    setting.room = SIZE_BYTES;
    setting.repeat([300, 20, 250, 7, 111, 60, 45], 1);
    setting.fails = true;
    await setting.read(300);
    setting.fails = false;
    setting.repeat([300, 20, 250, 7, 111, 60, 45], 3);
    await setting.clock.advance(100);
    for (let i = 0; i < 63; i += 1) await setting.read(250);
    expect(setting.fetched).toEqual([]);
    await setting.read(250);
    expect(setting.fetched).toEqual([7]);
  }, 60_000);

  it('fetches nothing any more once it is closed', async () => {
    const setting = new Setting();
    setting.repeat([300, 20, 250], 1);
    setting.prefetch[Symbol.dispose]();
    await setting.read(300);
    expect(setting.fetched).toEqual([]);
  });
});
