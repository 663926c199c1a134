/**
 * Which origin read starts next: those that a reader waits for, then read-ahead, then the rest of what is
 * mapped into somebody's memory, then other background. A bounded number runs at a time, and those that no
 * reader waits for leave some of the places free, and have a budget of bytes together.
 */
import type { AheadBudget } from './ahead-budget.ts';

/** Smaller is sooner. */
export const PRIORITY = { reader: 0, ahead: 1, mapped: 2, background: 3 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

export interface Queued {
  priority: Priority;
  /** That it brings. */
  readonly bytes: number;
  /** Resolves when its place is free again; never rejects. */
  start(): Promise<void>;
}

export interface FetchQueueOptions {
  readonly maxRunning: number;
  /** Of the running ones, those that no reader waits for. */
  readonly maxUnwaited: number;
  /** Of those that no reader waits for; default: none. */
  readonly ahead?: AheadBudget;
}

/**
 * Of runs that ask other workers. Readers' own are as many as there are readers, because some of them wait for reads of
 * the origin elsewhere. Of those that no reader waits for, a few of 8 MiB fill any link to a worker, and the more there
 * are, the later each of them is whole, at every worker that passes it on: 8 nodes that wanted one file over
 * 100 Mbit/s took 2.03 times what one took with 16, 1.37 times with 4.
 */
export const PEER_QUEUE: FetchQueueOptions = { maxRunning: Infinity, maxUnwaited: 4 };

export class FetchQueue<T extends Queued> {
  readonly #options: FetchQueueOptions;
  readonly #waiting = [new Set<T>(), new Set<T>(), new Set<T>(), new Set<T>()] as const;
  /** Running, and whether it took a place of the unwaited ones. */
  readonly #running = new Map<T, boolean>();
  #unwaited = 0;

  constructor(options: FetchQueueOptions) {
    this.#options = options;
  }

  add(item: T): void {
    this.#waiting[item.priority].add(item);
    this.#pump();
  }

  /** A reader began to wait: no effect on one that runs. */
  raise(item: T, priority: Priority): void {
    if (priority >= item.priority) return;
    const waits = this.#waiting[item.priority].delete(item);
    item.priority = priority;
    if (waits) this.add(item);
  }

  /** @returns whether it had not started */
  remove(item: T): boolean {
    return this.#waiting[item.priority].delete(item);
  }

  #pump(): void {
    while (this.#running.size < this.#options.maxRunning) {
      const item = this.#next();
      if (item === undefined) return;
      this.#waiting[item.priority].delete(item);
      const unwaited = item.priority !== PRIORITY.reader;
      const { bytes } = item;
      this.#running.set(item, unwaited);
      if (unwaited) {
        this.#unwaited += 1;
        this.#options.ahead?.begin(bytes);
      }
      void item.start().then(() => {
        this.#running.delete(item);
        if (unwaited) {
          this.#unwaited -= 1;
          this.#options.ahead?.end(bytes);
        }
        this.#pump();
      });
    }
  }

  #next(): T | undefined {
    const [reader, ahead, mapped, background] = this.#waiting;
    for (const item of reader) return item;
    const { maxUnwaited, ahead: budget } = this.#options;
    if (this.#unwaited >= maxUnwaited) return undefined;
    const item = first(ahead) ?? first(mapped) ?? first(background);
    if (item === undefined || budget === undefined) return item;
    return budget.mayBegin(item.bytes) ? item : undefined;
  }
}

function first<T>(items: ReadonlySet<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

/** A place that is held from the outside: for what has to wait for it in the middle of its work. */
export class HeldPlace implements Queued {
  priority: Priority;
  readonly bytes: number;
  readonly #granted: Promise<void>;
  readonly #released: Promise<void>;
  #grant: () => void = () => undefined;
  #release: () => void = () => undefined;

  constructor(priority: Priority, bytes: number) {
    this.priority = priority;
    this.bytes = bytes;
    this.#granted = new Promise((resolve) => {
      this.#grant = resolve;
    });
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  async start(): Promise<void> {
    this.#grant();
    await this.#released;
  }

  /** Resolves when it is there. */
  async granted(): Promise<void> {
    await this.#granted;
  }

  release(): void {
    this.#release();
  }
}
