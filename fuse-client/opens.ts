/**
 * Opens and releases files: decides how each is served, once at its first open.
 *
 * A complete object is given to the kernel to read by itself where the mount's mode, the kernel and the
 * cache allow it. Everything else is served in daemon mode, which always works; that is never an error,
 * but counted with its reason.
 *
 * Always true:
 *   - only a file of `complete/` whose size is the manifest's is given to the kernel: a growing one has holes;
 *   - a disk is waited for before the lock of the open table is taken, not under it;
 *   - what the kernel will refuse as long as this server lives is asked of it once.
 */
import { closeSync } from 'node:fs';
import { SMALL_READ_BYTES } from '../common/index.ts';
import type { CompleteDirectory } from '../common/index.ts';
import { INIT_FLAG2, OPEN_FLAG } from './abi.ts';
import { openWhole } from './complete-files.ts';
import { describeOutcome } from './open-modes.ts';
import type { Integrity, OpenMode, OpenOutcome } from './open-modes.ts';
import type { BackingFiles, FirstOpen, Opened, OpenRequest } from './open-table.ts';
import type { VersionFiles } from './operations.ts';
import type { SharedState } from './state.ts';

export interface OpensOptions {
  readonly state: SharedState;
  readonly files: VersionFiles;
  readonly backing: BackingFiles;
  readonly integrity: Integrity;
  /** Where complete objects lie; none where they may not be read. */
  readonly completeDirectories: readonly CompleteDirectory[];
  /** Whether this thread may wait for a disk. */
  readonly mayWait: boolean;
  /** Told of small files that the kernel is about to read by itself. */
  readonly onSmallRead?: (ordinal: number, sizeBytes: number) => void;
}

export class Opens {
  readonly #options: OpensOptions;
  readonly #mode: OpenMode;

  /** The mount's mode must have been decided. */
  constructor(options: OpensOptions) {
    this.#options = options;
    this.#mode = options.state.decision?.mode ?? 'daemon';
  }

  get mode(): OpenMode {
    return this.#mode;
  }

  /** Whether files of this mount may be given to the kernel, if that can take them. */
  get wantsPassthrough(): boolean {
    return this.#mode === 'passthrough' && this.#options.integrity === 'standard';
  }

  /** @returns what to answer with, valid until the next call */
  open(request: OpenRequest): Readonly<Opened> {
    const { state } = this.#options;
    for (;;) {
      const opened =
        state.openTable.count(request.node) > 0
          ? state.openTable.open(request)
          : this.#openFirst(request);
      if (opened === undefined) continue;
      const { outcome } = opened;
      state.countOpen(outcome);
      if (outcome === 'privilege' || outcome === 'stacked') state.noteRefusal(outcome);
      if (outcome === 'passthrough') this.#countSmallRead(request.node);
      return opened;
    }
  }

  release(request: OpenRequest, handle: number): void {
    this.#options.state.openTable.release(request, handle, this.#options.backing);
  }

  /** The value of `user.larder.mode`: how a file is open, or else would be. */
  describe(node: number): string {
    if (this.#mode === 'none') return 'none';
    const open = this.#options.state.openTable.outcome(node);
    if (open !== undefined) return describeOutcome(open);
    const first = this.#first(node);
    if ('because' in first) return describeOutcome(first.because);
    closeSync(first.fd);
    return describeOutcome('passthrough');
  }

  /** Nobody sees what the kernel reads; of larger files nothing is counted. */
  #countSmallRead(node: number): void {
    const { files, onSmallRead } = this.#options;
    const { sizeBytes } = files.attributes(node);
    if (sizeBytes <= SMALL_READ_BYTES) onSmallRead?.(node - 1, sizeBytes);
  }

  #openFirst(request: OpenRequest): Readonly<Opened> | undefined {
    const first = this.#first(request.node);
    try {
      return this.#options.state.openTable.open(request, first);
    } finally {
      // The kernel keeps the file by itself.
      if ('fd' in first) closeSync(first.fd);
    }
  }

  #first(node: number): FirstOpen {
    const because = this.#whyDaemon();
    if (because !== undefined) return { because };
    const { backing, files, completeDirectories } = this.#options;
    const { objectId, sizeBytes } = files.reader.objectRef(node - 1, files.dataset);
    if (sizeBytes === 0) return { because: 'empty' };
    const fd = openWhole(completeDirectories, objectId, sizeBytes);
    return fd === undefined ? { because: 'incomplete' } : { fd, backing };
  }

  /** What keeps every file of this mount, or of this thread, from passthrough. */
  #whyDaemon(): OpenOutcome | undefined {
    const { integrity, state, completeDirectories, mayWait } = this.#options;
    if (this.#mode !== 'passthrough') return 'asked';
    if (integrity === 'strict') return 'strict';
    if ((state.flags2 & INIT_FLAG2.PASSTHROUGH) === 0) return 'kernel';
    if (completeDirectories.length === 0) return 'remote';
    return state.refusal ?? (mayWait ? undefined : 'manifest');
  }
}

/** Nothing but NOFLUSH may stand beside PASSTHROUGH: with KEEP_CACHE the open would fail with EIO. */
export function openFlags({ outcome }: Readonly<Opened>): number {
  const kind = outcome === 'passthrough' ? OPEN_FLAG.PASSTHROUGH : OPEN_FLAG.KEEP_CACHE;
  return kind | OPEN_FLAG.NOFLUSH;
}
