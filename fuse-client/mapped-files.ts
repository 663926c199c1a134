/**
 * Finds out which large files are read through mmap(2), so that the rest of them is fetched before it is
 * faulted in page by page (safetensors, Arrow).
 *
 * The kernel asks for what lies around a fault as it asks for a read(2), and no flag says which it was. By
 * their places alone faults cannot be told from single reads of a random reader, for whom nothing more is
 * to be fetched. But each request names the thread that waits for it, and /proc says what its process has
 * mapped: that is looked at where a read has to wait for the source, and nowhere else.
 *
 * Always true:
 *   - a file is reported only while a process that reads it has it mapped;
 *   - one look at a time. It takes locks of the other process's memory, so it runs on a thread of the
 *     pool, which the answer that the other process may wait for does not need.
 *
 * A thread of another PID namespace, or one that this process may not look at, maps nothing as far as we know.
 */
import { readFile } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { MIB, stripeOf, systemCode } from '../common/index.ts';
import type { Clock } from '../common/index.ts';

export interface MappedFilesOptions {
  readonly clock: Clock;
  /** The mount's device, as /proc/PID/maps writes it; undefined where it is not mounted. */
  readonly device: () => string | undefined;
  readonly report: (ordinal: number, offsetBytes: number) => void;
}

/** A read that had to wait for the source. */
export interface Miss {
  readonly node: number;
  readonly sizeBytes: number;
  readonly offsetBytes: number;
  /** 0 where the kernel cannot name it. */
  readonly threadId: number;
}

interface Look {
  readonly atMs: number;
  readonly mapped: boolean;
}

/** Workers fetch smaller objects whole at their first read. */
const LARGE_BYTES = 16 * MIB;
/** A random reader misses all the time; reading the maps of a process with thousands takes milliseconds. */
const LOOK_AGAIN_MS = 500;
/** The worker may have forgotten it, or evicted the object. */
const REPORT_AGAIN_MS = 10_000;
const MAX_REMEMBERED = 1_024;

export class MappedFiles {
  readonly #options: MappedFilesOptions;
  /** By file and stripe. */
  readonly #looks = new LRUCache<string, Look>({ max: MAX_REMEMBERED });
  #device: string | undefined;
  #looking = false;

  constructor(options: MappedFilesOptions) {
    this.#options = options;
  }

  /** Returns at once. */
  missed(miss: Miss): void {
    if (miss.sizeBytes <= LARGE_BYTES || miss.threadId === 0 || this.#looking) return;
    const key = `${String(miss.node)}/${String(stripeOf(miss.offsetBytes, miss.sizeBytes))}`;
    const nowMs = this.#options.clock.monotonicMs();
    const last = this.#looks.get(key);
    const againMs = last?.mapped === true ? REPORT_AGAIN_MS : LOOK_AGAIN_MS;
    if (last !== undefined && nowMs - last.atMs < againMs) return;
    this.#looking = true;
    void this.#look(miss).then((mapped) => {
      this.#looking = false;
      this.#looks.set(key, { atMs: nowMs, mapped });
      if (mapped) this.#options.report(miss.node - 1, miss.offsetBytes);
    });
  }

  async #look({ node, threadId }: Miss): Promise<boolean> {
    const device = (this.#device ??= this.#options.device());
    if (device === undefined) return false;
    try {
      // At most 65,530 lines (vm.max_map_count), 8 MB.
      const maps = await readFile(`/proc/${String(threadId)}/maps`, 'latin1');
      return maps.includes(` ${device} ${String(node)} `);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    }
  }
}
