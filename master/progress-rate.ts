/**
 * How fast bytes come to be held, of late: over a window, so that bursts of reports do not show.
 *
 * Always true: never below 0, though what is held may grow less.
 */

/** Workers report ten times a second, and large files end seconds apart. */
const WINDOW_MS = 10_000;
const SAMPLE_MS = 250;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

export class ProgressRate {
  readonly #samples: Sample[] = [];
  #first: Sample | undefined;

  /** What is held now. */
  sample(bytes: number, nowMs: number): void {
    const sample = { atMs: nowMs, bytes };
    this.#first ??= sample;
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push(sample);
    while (nowMs - (this.#samples[1]?.atMs ?? nowMs) >= WINDOW_MS) this.#samples.shift();
  }

  /** 0: not known yet. */
  recent(bytes: number, nowMs: number): number {
    return rateSince(this.#samples[0], bytes, nowMs);
  }

  /** From the first sample on. */
  overall(bytes: number, nowMs: number): number {
    return rateSince(this.#first, bytes, nowMs);
  }
}

function rateSince(from: Sample | undefined, bytes: number, nowMs: number): number {
  if (from === undefined || nowMs <= from.atMs) return 0;
  return Math.max(0, Math.round(((bytes - from.bytes) * 1000) / (nowMs - from.atMs)));
}
