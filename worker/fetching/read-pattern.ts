/**
 * How an object is read: recognises sequential readers, several at a time, and says how far to read
 * ahead of each. No I/O and no clock.
 *
 * A window opens at 1 MiB with the first read that goes on where another ended, and doubles with each
 * further one. Reads of a kernel arrive out of order, so "goes on" has some slack. After four reads
 * in a row that continue nothing, nothing is read ahead until one does.
 */
import { MIB } from '../../common/index.ts';

export interface ReadPatternOptions {
  /** Default 1 MiB. */
  readonly firstWindowBytes?: number | undefined;
  /** Default 64 MiB. */
  readonly maxWindowBytes?: number | undefined;
}

export interface ByteRange {
  readonly fromBytes: number;
  readonly toBytes: number;
}

interface Stream {
  nextBytes: number;
  windowBytes: number;
  /** Read ahead was asked for up to here. */
  aheadBytes: number;
  reads: number;
}

const MAX_STREAMS = 4;
const RANDOM_READS_TO_CLOSE = 4;
/** Eight requests of 1 MiB in flight may overtake each other. */
const SLACK_BYTES = 8 * MIB;
/** Reads in a row after which a reader counts as sequential. */
const SEQUENTIAL_READS = 3;

export class ReadPattern {
  readonly #firstWindowBytes: number;
  readonly #maxWindowBytes: number;
  /** The last one used at the end. */
  readonly #streams: Stream[] = [];
  #randomReads = 0;

  constructor(options: ReadPatternOptions = {}) {
    this.#firstWindowBytes = options.firstWindowBytes ?? MIB;
    this.#maxWindowBytes = options.maxWindowBytes ?? 64 * MIB;
  }

  /** Somebody reads the object from one end to the other. */
  get sequential(): boolean {
    return this.#streams.some(({ reads }) => reads >= SEQUENTIAL_READS);
  }

  /** Takes note of a read; returns what is to be read ahead now, if anything. */
  note(fromBytes: number, lengthBytes: number): ByteRange | undefined {
    const toBytes = fromBytes + lengthBytes;
    const stream = this.#streamAt(fromBytes);
    if (stream === undefined) {
      this.#randomReads += 1;
      if (this.#randomReads >= RANDOM_READS_TO_CLOSE) this.#streams.length = 0;
      this.#open(toBytes);
      return undefined;
    }
    this.#randomReads = 0;
    stream.reads += 1;
    stream.nextBytes = Math.max(stream.nextBytes, toBytes);
    stream.windowBytes = Math.min(
      Math.max(stream.windowBytes * 2, this.#firstWindowBytes),
      this.#maxWindowBytes,
    );
    return ahead(stream);
  }

  /** The reader that was noted up to `fromBytes` goes on by itself, and asks again at `toBytes`. */
  promise(fromBytes: number, toBytes: number): void {
    const stream = this.#streams.findLast(({ nextBytes }) => nextBytes === fromBytes);
    if (stream !== undefined) stream.nextBytes = toBytes;
  }

  #streamAt(fromBytes: number): Stream | undefined {
    const at = this.#streams.findLastIndex(
      ({ nextBytes, reads }) =>
        fromBytes === nextBytes || (reads > 1 && Math.abs(fromBytes - nextBytes) <= SLACK_BYTES),
    );
    const [stream] = at < 0 ? [] : this.#streams.splice(at, 1);
    if (stream !== undefined) this.#streams.push(stream);
    return stream;
  }

  #open(nextBytes: number): void {
    if (this.#streams.length === MAX_STREAMS) this.#streams.shift();
    this.#streams.push({ nextBytes, windowBytes: 0, aheadBytes: nextBytes, reads: 1 });
  }
}

/** In steps of half a window, so that one origin read brings several blocks. */
function ahead(stream: Stream): ByteRange | undefined {
  const { nextBytes, windowBytes, aheadBytes } = stream;
  if (aheadBytes - nextBytes > windowBytes / 2) return undefined;
  const fromBytes = Math.max(aheadBytes, nextBytes);
  stream.aheadBytes = nextBytes + windowBytes;
  return { fromBytes, toBytes: stream.aheadBytes };
}
