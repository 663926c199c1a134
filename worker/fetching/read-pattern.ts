/**
 * How an object is read: recognises sequential readers, several at a time, and says how far to read
 * ahead of each. No I/O and no clock.
 *
 * Whoever reads is not known, so a reader is a place where the next read is expected: a stream. The kernel cuts
 * one read(2) into several requests that follow each other, so a few of them in a row say nothing yet: a
 * stream counts as sequential once it has read a block in a row, or 1 MiB from the object's beginning. Then a
 * window of one block opens, and doubles with each step. Requests arrive out of order, so "goes on" has
 * some slack, less for a stream that has read little: reads of a random reader meet by chance too.
 *
 * Always true:
 *   - a stream is read ahead of by less than twice what it has read, and one block;
 *   - reads elsewhere do not end a stream: it costs nothing until it goes on. After four of them that continue
 *     nothing its window is halved.
 */
import { MIB } from '../../common/index.ts';

export interface ReadPatternOptions {
  readonly blockSizeBytes: number;
  /** Default 64 MiB. */
  readonly maxWindowBytes?: number | undefined;
}

export interface ByteRange {
  readonly fromBytes: number;
  readonly toBytes: number;
}

interface Stream {
  startBytes: number;
  nextBytes: number;
  /** Beyond here it was told what is there, and may have read it without asking. */
  promisedFromBytes: number;
  /** Of what lies between start and next; what is read again counts once. */
  readBytes: number;
  wentOn: boolean;
  /** 0 until it is open. */
  windowBytes: number;
  /** Read ahead was asked for up to here. */
  aheadBytes: number;
  /** How many reads that continued nothing there had been when it was last used. */
  randomReads: number;
}

/** Readers of one object at a time, and places that may be the beginning of one. */
const MAX_STREAMS = 64;
const RANDOM_READS_TO_HALVE = 4;
/** Eight requests of 1 MiB in flight may overtake each other. */
const MAX_SLACK_BYTES = 8 * MIB;
/** One request of the kernel with the read-ahead that mounts set. */
const MIN_SLACK_BYTES = MIB / 2;
/** Headers are smaller, and are read before places elsewhere. */
const OPEN_FROM_START_BYTES = MIB;
/** In a row, from which an object is taken for being read from one end to the other. */
const SEQUENTIAL_BLOCKS = { fromStart: 2, elsewhere: 4 };

export class ReadPattern {
  readonly #blockSizeBytes: number;
  readonly #maxWindowBytes: number;
  /** The last one used at the end. */
  readonly #streams: Stream[] = [];
  #randomReads = 0;
  #sequential = false;

  constructor(options: ReadPatternOptions) {
    this.#blockSizeBytes = options.blockSizeBytes;
    this.#maxWindowBytes = Math.max(options.maxWindowBytes ?? 64 * MIB, this.#blockSizeBytes);
  }

  /** The last read was by somebody who reads the object from one end to the other. */
  get sequential(): boolean {
    return this.#sequential;
  }

  /**
   * Takes note of a read; returns what is to be read ahead now, if anything.
   *
   * @param mostBytes the window stays within it, where that is less than it may be otherwise
   */
  note(fromBytes: number, lengthBytes: number, mostBytes = Infinity): ByteRange | undefined {
    const toBytes = fromBytes + lengthBytes;
    const stream = this.#streamAt(fromBytes);
    this.#sequential = false;
    if (stream === undefined) {
      this.#randomReads += 1;
      this.#begin(fromBytes, toBytes);
      return undefined;
    }
    advance(stream, fromBytes, toBytes);
    const blocks = SEQUENTIAL_BLOCKS[isFromStart(stream) ? 'fromStart' : 'elsewhere'];
    this.#sequential = stream.readBytes >= blocks * this.#blockSizeBytes;
    const passedBy = this.#randomReads - stream.randomReads;
    stream.randomReads = this.#randomReads;
    if (passedBy >= RANDOM_READS_TO_HALVE && stream.windowBytes > 0) {
      stream.windowBytes = Math.max(stream.windowBytes / 2, this.#blockSizeBytes);
    }
    return this.#ahead(stream, Math.min(this.#maxWindowBytes, mostBytes));
  }

  /** The reader that was noted up to `fromBytes` goes on by itself, and asks again at `toBytes`. */
  promise(fromBytes: number, toBytes: number): void {
    const stream = this.#streams.findLast(({ nextBytes }) => nextBytes === fromBytes);
    if (stream !== undefined) stream.nextBytes = toBytes;
  }

  #streamAt(fromBytes: number): Stream | undefined {
    const exact = this.#streams.findLastIndex(({ nextBytes }) => fromBytes === nextBytes);
    const at = exact >= 0 ? exact : this.#streams.findLastIndex((one) => isNear(one, fromBytes));
    const [stream] = at < 0 ? [] : this.#streams.splice(at, 1);
    if (stream !== undefined) this.#streams.push(stream);
    return stream;
  }

  #begin(fromBytes: number, nextBytes: number): void {
    // Places that were read once go first: they are many beside a reader that goes to single places.
    if (this.#streams.length === MAX_STREAMS) {
      const once = this.#streams.findIndex(({ wentOn }) => !wentOn);
      this.#streams.splice(Math.max(0, once), 1);
    }
    this.#streams.push({
      startBytes: fromBytes,
      nextBytes,
      promisedFromBytes: nextBytes,
      readBytes: nextBytes - fromBytes,
      wentOn: false,
      windowBytes: 0,
      aheadBytes: nextBytes,
      randomReads: this.#randomReads,
    });
  }

  /** In steps of half a window, so that one origin read brings several blocks. */
  #ahead(stream: Stream, mostBytes: number): ByteRange | undefined {
    const opensAt = isFromStart(stream) ? OPEN_FROM_START_BYTES : this.#blockSizeBytes;
    if (stream.readBytes < opensAt) return undefined;
    const { nextBytes, windowBytes, aheadBytes } = stream;
    if (windowBytes > 0 && aheadBytes - nextBytes > windowBytes / 2) return undefined;
    stream.windowBytes = Math.min(
      Math.max(windowBytes * 2, this.#blockSizeBytes),
      Math.max(mostBytes, this.#blockSizeBytes),
    );
    const fromBytes = Math.max(aheadBytes, nextBytes);
    stream.aheadBytes = Math.max(aheadBytes, nextBytes + stream.windowBytes);
    return fromBytes < stream.aheadBytes ? { fromBytes, toBytes: stream.aheadBytes } : undefined;
  }
}

/** One that was told what is there goes on at the end of it, or nearly so. */
function isNear(stream: Stream, fromBytes: number): boolean {
  const slackBytes = Math.min(MAX_SLACK_BYTES, Math.max(MIN_SLACK_BYTES, stream.readBytes / 4));
  return Math.abs(fromBytes - stream.nextBytes) <= slackBytes;
}

function isFromStart(stream: Stream): boolean {
  return stream.startBytes === 0;
}

function advance(stream: Stream, fromBytes: number, toBytes: number): void {
  const isExact = fromBytes === stream.nextBytes;
  stream.wentOn = true;
  stream.readBytes += toBytes - fromBytes;
  // Exactly at the end of what it was told is there: so it has read that.
  if (isExact) stream.readBytes += stream.nextBytes - stream.promisedFromBytes;
  stream.startBytes = Math.min(stream.startBytes, fromBytes);
  stream.nextBytes = Math.max(stream.nextBytes, toBytes);
  stream.readBytes = Math.min(stream.readBytes, stream.nextBytes - stream.startBytes);
  stream.promisedFromBytes = stream.nextBytes;
}
