/**
 * Where the bytes came from that readers asked this worker for. What other workers asked for on behalf of
 * their readers is counted there, so that nothing is counted twice.
 */
import type { ReadOptions, ReadPiece } from '../object-reads.ts';
import type { Source } from './fetch-run.ts';

/** Since the start of the process. */
export interface ReadCounters {
  /** Asked for by readers. */
  readonly readBytes: number;
  /** Of them, those that had to wait for the origin. */
  readonly readOriginBytes: number;
  /** Of them, those that went from one node to another: from another worker, or to a reader elsewhere. */
  readonly readPeerBytes: number;
}

/** For whom: see `ReadOptions`. */
export type ReadFor = Pick<ReadOptions, 'hops' | 'isLocal'>;

export class ReadCounts {
  #readBytes = 0;
  #originBytes = 0;
  #peerBytes = 0;

  get counters(): ReadCounters {
    return {
      readBytes: this.#readBytes,
      readOriginBytes: this.#originBytes,
      readPeerBytes: this.#peerBytes,
    };
  }

  asked(bytes: number, { hops = 0 }: ReadFor): void {
    if (hops === 0) this.#readBytes += bytes;
  }

  /** @param source `disk` where they were here already */
  served(bytes: number, source: Source | 'disk', { hops = 0, isLocal = true }: ReadFor): void {
    if (hops > 0) return;
    if (source === 'origin') this.#originBytes += bytes;
    else if (source === 'peer' || !isLocal) this.#peerBytes += bytes;
  }

  async *of(
    pieces: AsyncIterable<ReadPiece> | Iterable<ReadPiece>,
    source: () => Source | 'disk',
    reader: ReadFor,
  ): AsyncGenerator<ReadPiece> {
    for await (const piece of pieces) {
      this.served(piece.bytes.length, source(), reader);
      yield piece;
    }
  }
}
