/**
 * How much is read of each dataset, and when that has changed so much that the quotas are to be planned anew.
 *
 *     cold ──something is read in a window──▶ hot ──nothing for four windows──▶ cold
 *
 * Quotas follow jobs that start and stop, not their every pause: what is said of a dataset stays as it was until
 * it becomes hot or cold, or is read at twice or half of that.
 *
 * Always true: time is passed in, on a clock that never goes back; a count costs no look at it.
 */
export interface ReadRatesOptions {
  readonly windowMs: number;
}

interface Measured {
  /** In the window that is under way. What mounts read by themselves is known by what they open. */
  readBytes: number;
  openedBytes: number;
  /** Halves with each window. */
  perMs: number;
  /** What was said last. */
  saidPerMs: number;
  quietWindows: number;
}

/** Evaluations and checkpoints are pauses of a job, not its end. */
const QUIET_WINDOWS = 4;
const CHANGED_FACTOR = 2;

export class ReadRates {
  readonly #windowMs: number;
  readonly #measured = new Map<number, Measured>();
  #startedMs: number;

  constructor(options: ReadRatesOptions, nowMs: number) {
    this.#windowMs = options.windowMs;
    this.#startedMs = nowMs;
  }

  /** Bytes went to a reader. */
  read(datasetId: number, bytes: number): void {
    this.#of(datasetId).readBytes += bytes;
  }

  /** A mount opened a file of so many bytes: it may read it without telling. */
  opened(datasetId: number, bytes: number): void {
    this.#of(datasetId).openedBytes += bytes;
  }

  /** The dataset is gone. */
  forget(datasetId: number): void {
    this.#measured.delete(datasetId);
  }

  /**
   * Ends the window where its time is over.
   *
   * @returns bytes a second of every dataset that is read; undefined while nothing has changed
   */
  tick(nowMs: number): ReadonlyMap<number, number> | undefined {
    const passedMs = nowMs - this.#startedMs;
    if (passedMs < this.#windowMs) return undefined;
    this.#startedMs = nowMs;
    let hasChanged = false;
    for (const [datasetId, measured] of this.#measured) {
      if (endWindow(measured, passedMs)) hasChanged = true;
      if (measured.quietWindows >= QUIET_WINDOWS) this.#measured.delete(datasetId);
    }
    if (!hasChanged) return undefined;
    const rates = new Map<number, number>();
    for (const [datasetId, measured] of this.#measured) {
      measured.saidPerMs = measured.perMs;
      rates.set(datasetId, measured.perMs * 1000);
    }
    return rates;
  }

  #of(datasetId: number): Measured {
    let measured = this.#measured.get(datasetId);
    if (measured === undefined) {
      measured = { readBytes: 0, openedBytes: 0, perMs: 0, saidPerMs: 0, quietWindows: 0 };
      this.#measured.set(datasetId, measured);
    }
    return measured;
  }
}

/** @returns whether what was said of it is wrong by now */
function endWindow(measured: Measured, passedMs: number): boolean {
  const nowPerMs = Math.max(measured.readBytes, measured.openedBytes) / passedMs;
  measured.readBytes = 0;
  measured.openedBytes = 0;
  if (nowPerMs === 0) {
    // While it pauses, what it was stays.
    measured.quietWindows += 1;
    return measured.quietWindows === QUIET_WINDOWS && measured.saidPerMs > 0;
  }
  measured.quietWindows = 0;
  measured.perMs = measured.perMs === 0 ? nowPerMs : (measured.perMs + nowPerMs) / 2;
  const { perMs, saidPerMs } = measured;
  return perMs >= saidPerMs * CHANGED_FACTOR || perMs * CHANGED_FACTOR <= saidPerMs;
}
