/**
 * A directory that is still open while a listing is read, with the files in it whose name a later
 * directory could still take.
 *
 * A directory `blue/` comes after the file `blue`, and between them come `blue-1` and `blue.txt`:
 * names that begin with `blue`. So the files to remember are those whose name is a prefix of the
 * name that came last: 255 at most, because each is shorter than the next.
 */
import type { Row } from './page-writer.ts';

export interface Counters {
  files: number;
  bytes: number;
  blocks: number;
}

/** A file or symlink that a directory may replace. */
export interface Candidate {
  readonly nameBytes: number;
  readonly index: number;
  readonly sizeBytes: number;
  readonly kind: 'strong' | 'weak' | 'symlink';
}

export type Owner = Pick<Row, 'mtimeS' | 'mtimeNs' | 'mode' | 'uid' | 'gid'>;

export class OpenDirectory {
  /** Where names of its children begin in a key. */
  readonly childStart: number;
  /** Its index in its own level, which is known before it is written: see `ManifestBuilder`. */
  readonly index: number;
  readonly firstChild: number;
  /** The builder's counters when it was opened. */
  readonly before: Counters;
  /** The newest modification below it. */
  newestS = -Infinity;
  newestNs = 0;
  /** What its own key said. */
  marker: Owner | undefined = undefined;
  readonly #candidates: Candidate[] = [];

  constructor(childStart: number, index: number, firstChild: number, counters: Counters) {
    this.childStart = childStart;
    this.index = index;
    this.firstChild = firstChild;
    const { files, bytes, blocks } = counters;
    this.before = { files, bytes, blocks };
  }

  sawModification(seconds: number, nanoseconds: number): void {
    if (seconds < this.newestS) return;
    if (seconds === this.newestS && nanoseconds <= this.newestNs) return;
    this.newestS = seconds;
    this.newestNs = nanoseconds;
  }

  remember(candidate: Candidate): void {
    this.#candidates.push(candidate);
  }

  /**
   * Forgets the candidates that are no prefix of the name of `nameBytes` that has come now.
   *
   * @param shared bytes that its key has in common with the valid key before it
   */
  forget(nameBytes: number, shared: number): void {
    const most = Math.min(nameBytes, shared - this.childStart);
    while ((this.#candidates.at(-1)?.nameBytes ?? -Infinity) > most) this.#candidates.pop();
  }

  /** Takes the candidate whose name is `nameBytes` long, after `forget`: the one of that very name. */
  take(nameBytes: number): Candidate | undefined {
    return this.#candidates.at(-1)?.nameBytes === nameBytes ? this.#candidates.pop() : undefined;
  }
}
