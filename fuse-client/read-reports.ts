/**
 * What threads have read: told to the source, and followed by what the kernel need not keep of it.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { OpenTable } from './open-table.ts';
import { StalePages } from './stale-pages.ts';
import type { PageRange } from './stale-pages.ts';
import { joinTouched, TouchRing } from './touches.ts';
import type { Touched } from './touches.ts';

export interface TouchListener {
  reportTouched(ordinal: number, offsetBytes: number, lengthBytes: number, bytes: number): void;
}

/** Places of one file whose reads are reported at a time; with 4 KiB reads of a warm file there may be thousands. */
const MAX_SPANS = 64;

export class ReadReports {
  readonly #rings: TouchRing[] = [];
  readonly #stalePages: StalePages;

  constructor(table: OpenTable, deviceFd: number) {
    this.#stalePages = new StalePages(table, startPageDropper(deviceFd));
  }

  /** Where one thread notes what it reads. */
  newRing(): TouchRing {
    const ring = new TouchRing();
    this.#rings.push(ring);
    return ring;
  }

  /** What has come since the last time. */
  report(listener: TouchListener): void {
    const reads: Touched[] = [];
    for (const ring of this.#rings) ring.take(reads);
    const spans = joinTouched(reads, MAX_SPANS);
    for (const { ordinal, offsetBytes, endBytes, bytes } of spans) {
      listener.reportTouched(ordinal, offsetBytes, endBytes - offsetBytes, bytes);
    }
    this.#stalePages.read(spans);
    this.#stalePages.sweep();
  }
}

/** The thread is started with the first range. */
function startPageDropper(deviceFd: number): (range: PageRange) => void {
  let thread: Worker | undefined;
  return (range) => {
    // `.ts` from the sources, `.js` as built.
    const entry = new URL(`./page-dropper-thread${extname(import.meta.url)}`, import.meta.url);
    thread ??= new Worker(entry, { workerData: deviceFd });
    thread.postMessage(range);
  };
}
