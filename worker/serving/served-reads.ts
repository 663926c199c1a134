/**
 * What a serving thread has answered by itself, until it tells the main thread: reads of one file are told
 * together.
 */
import type { Clock } from '../../common/index.ts';
import type { FileAddress, Touched } from '../../rpc/frames/index.ts';

/** As often as a worker reports to the master at most: what is told more often, nobody sees. */
const TELL_MS = 100;
/** Files whose reads are told together; more are told at once. */
const MAX_FILES = 1_024;

/** Reads of one file by one node. */
export interface ServedRead extends Touched {
  /** See `DataSession`. */
  readonly reader?: string | undefined;
}

interface Served extends FileAddress {
  readonly offsetBytes: number;
  readonly reader?: string | undefined;
}

interface Span {
  readonly address: FileAddress;
  readonly reader: string | undefined;
  fromBytes: number;
  toBytes: number;
  bytes: number;
}

export class ServedReads {
  readonly #clock: Clock;
  readonly #tell: (reads: readonly ServedRead[]) => void;
  readonly #spans = new Map<string, Span>();
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, tell: (reads: readonly ServedRead[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(read: Served, bytes: number): void {
    const { datasetId, version, ordinal, offsetBytes, reader } = read;
    const key = `${String(datasetId)}.${String(version)}.${String(ordinal)}.${reader ?? ''}`;
    const span = this.#spans.get(key);
    const toBytes = offsetBytes + bytes;
    if (span === undefined) {
      const address = { datasetId, version, ordinal };
      this.#spans.set(key, { address, reader, fromBytes: offsetBytes, toBytes, bytes });
    } else {
      span.fromBytes = Math.min(span.fromBytes, offsetBytes);
      span.toBytes = Math.max(span.toBytes, toBytes);
      span.bytes += bytes;
    }
    if (this.#spans.size >= MAX_FILES) this.flush();
    this.#cancelTimer ??= this.#clock.schedule(TELL_MS, () => {
      this.flush();
    });
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#spans.size === 0) return;
    const reads = [...this.#spans.values()].map(
      ({ address, reader, fromBytes, toBytes, bytes }) => ({
        address,
        reader,
        offsetBytes: fromBytes,
        lengthBytes: toBytes - fromBytes,
        bytes,
      }),
    );
    this.#spans.clear();
    this.#tell(reads);
  }
}
