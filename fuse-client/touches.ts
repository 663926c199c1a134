/**
 * What a thread has read from complete objects, on its way to the event loop.
 *
 * One ring per thread in memory that both share: the thread writes one record per read and never
 * waits; the event loop takes them now and then. Where the ring is full a read is not recorded:
 * counters of what was read are lower bounds.
 */

/** ordinal, offset (2), length; 5 reads of 4 KiB per 100 µs for 200 ms fit. */
const RECORD_WORDS = 4;
const RECORDS = 16_384;
const WRITTEN = 0;
const TAKEN = 1;
const FIRST = 4;
const TWO_32 = 2 ** 32;

/** The span that the reads of one file cover, and their bytes. */
export interface Touched {
  readonly ordinal: number;
  offsetBytes: number;
  endBytes: number;
  bytes: number;
}

export class TouchRing {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer((FIRST + RECORDS * RECORD_WORDS) * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** By the thread. */
  add(ordinal: number, offsetBytes: number, lengthBytes: number): void {
    const words = this.#words;
    const written = Atomics.load(words, WRITTEN);
    if (((written - Atomics.load(words, TAKEN)) | 0) >= RECORDS) return;
    const at = FIRST + (written & (RECORDS - 1)) * RECORD_WORDS;
    words[at] = ordinal;
    words[at + 1] = offsetBytes % TWO_32;
    words[at + 2] = offsetBytes / TWO_32;
    words[at + 3] = lengthBytes;
    Atomics.store(words, WRITTEN, (written + 1) | 0);
  }

  /** By the event loop: adds what has come to `into`, by ordinal. */
  take(into: Map<number, Touched>): void {
    const words = this.#words;
    const written = Atomics.load(words, WRITTEN);
    let taken = Atomics.load(words, TAKEN);
    for (; taken !== written; taken = (taken + 1) | 0) {
      const at = FIRST + (taken & (RECORDS - 1)) * RECORD_WORDS;
      const ordinal = (words[at] ?? 0) >>> 0;
      const offsetBytes = ((words[at + 1] ?? 0) >>> 0) + (words[at + 2] ?? 0) * TWO_32;
      merge(into, ordinal, offsetBytes, words[at + 3] ?? 0);
    }
    Atomics.store(words, TAKEN, taken);
  }
}

function merge(
  into: Map<number, Touched>,
  ordinal: number,
  offsetBytes: number,
  lengthBytes: number,
): void {
  const endBytes = offsetBytes + lengthBytes;
  const known = into.get(ordinal);
  if (known === undefined) {
    into.set(ordinal, { ordinal, offsetBytes, endBytes, bytes: lengthBytes });
    return;
  }
  known.offsetBytes = Math.min(known.offsetBytes, offsetBytes);
  known.endBytes = Math.max(known.endBytes, endBytes);
  known.bytes += lengthBytes;
}
