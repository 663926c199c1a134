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

/** A span of one file, all of which was read, and the bytes of those reads. */
export interface Touched {
  readonly ordinal: number;
  readonly offsetBytes: number;
  readonly endBytes: number;
  readonly bytes: number;
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

  /** By the event loop: adds what has come to `into`, a span for each read. */
  take(into: Touched[]): void {
    const words = this.#words;
    const written = Atomics.load(words, WRITTEN);
    let taken = Atomics.load(words, TAKEN);
    for (; taken !== written; taken = (taken + 1) | 0) {
      const at = FIRST + (taken & (RECORDS - 1)) * RECORD_WORDS;
      const ordinal = (words[at] ?? 0) >>> 0;
      const offsetBytes = ((words[at + 1] ?? 0) >>> 0) + (words[at + 2] ?? 0) * TWO_32;
      const bytes = words[at + 3] ?? 0;
      into.push({ ordinal, offsetBytes, endBytes: offsetBytes + bytes, bytes });
    }
    Atomics.store(words, TAKEN, taken);
  }
}

/**
 * Fewer spans for the same reads: those of a file that meet become one. What lies between two reads was
 * not read, and is not said to be; of a file that was read in more than `maxPerFile` places the rest is left out,
 * but for its bytes.
 *
 * @returns files in the order in which they were read first: who learns orders learns from it
 */
export function joinTouched(reads: Touched[], maxPerFile: number): Touched[] {
  const firsts = new Map<number, number>();
  for (const [i, { ordinal }] of reads.entries()) if (!firsts.has(ordinal)) firsts.set(ordinal, i);
  reads.sort((a, b) => a.ordinal - b.ordinal || a.offsetBytes - b.offsetBytes);
  const spans: Touched[] = [];
  let ofFile = 0;
  for (const read of reads) {
    const last = spans.at(-1);
    const sameFile = last?.ordinal === read.ordinal;
    const meets = sameFile && read.offsetBytes <= last.endBytes;
    if (last === undefined || !sameFile || (!meets && ofFile < maxPerFile)) {
      ofFile = sameFile ? ofFile + 1 : 1;
      spans.push(read);
      continue;
    }
    const endBytes = meets ? Math.max(last.endBytes, read.endBytes) : last.endBytes;
    spans[spans.length - 1] = { ...last, endBytes, bytes: last.bytes + read.bytes };
  }
  const firstOf = ({ ordinal }: Touched) => firsts.get(ordinal) ?? 0;
  return spans.sort((a, b) => firstOf(a) - firstOf(b));
}
