import { describe, expect, it } from 'vitest';
import { Delivery } from '../../../../worker/origins/delivery.ts';

const piece = (text: string) => Buffer.from(text);

/** A sink that takes a piece when it is told to. */
function heldSink() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const sink = (bytes: Buffer) =>
    new Promise<void>((resolve) => {
      taken.push(bytes.toString());
      waiting.push(resolve);
    });
  const release = async () => {
    waiting.shift()?.();
    await new Promise((done) => setImmediate(done));
  };
  return { sink, taken, release };
}

describe('Delivery', () => {
  it('hands over at once what the sink takes at once', () => {
    const taken: string[] = [];
    const delivery = new Delivery((bytes) => void taken.push(bytes.toString()));
    expect(delivery.give(piece('a'))).toBeUndefined();
    expect(delivery.give(piece('b'))).toBeUndefined();
    expect(taken).toEqual(['a', 'b']);
    expect(delivery.drained()).toBeUndefined();
  });

  it('keeps pieces in order while the sink is busy, and says what to wait for', async () => {
    const { sink, taken, release } = heldSink();
    const delivery = new Delivery(sink);
    const waits = ['a', 'b', 'c', 'd'].map((text) => delivery.give(piece(text)));
    expect(waits.every((wait) => wait instanceof Promise)).toBe(true);
    expect(taken).toEqual(['a']);
    for (let i = 0; i < 4; i += 1) await release();
    await waits[0];
    expect(taken).toEqual(['a', 'b', 'c', 'd']);
    expect(delivery.drained()).toBeUndefined();
  });

  it('tells a failure of the sink to whoever asks next, and gives it no more', async () => {
    const failure = new Error('disk full');
    let calls = 0;
    const delivery = new Delivery(() => {
      calls += 1;
      return Promise.reject(failure);
    });
    void delivery.give(piece('a'));
    void delivery.give(piece('b'));
    await expect(delivery.drained()).rejects.toBe(failure);
    await expect(delivery.drained()).rejects.toBe(failure);
    expect(() => delivery.give(piece('c'))).toThrow(failure);
    expect(calls).toBe(1);
  });

  it('gives nothing after stop', async () => {
    const { sink, taken, release } = heldSink();
    const delivery = new Delivery(sink);
    void delivery.give(piece('a'));
    void delivery.give(piece('b'));
    delivery.stop();
    await release();
    expect(delivery.give(piece('c'))).toBeUndefined();
    expect(taken).toEqual(['a']);
  });
});
