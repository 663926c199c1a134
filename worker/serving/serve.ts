/** Puts the serving threads of a worker together with what they need of it. */
import os from 'node:os';
import { MIB } from '../../common/index.ts';
import type { Clock, Logger } from '../../common/index.ts';
import type { DataHandler, DataServer, DataServerOptions } from '../../rpc/data/index.ts';
import type { ConnectionSlots } from '../../rpc/data/index.ts';
import { FRAME } from '../../rpc/frames/index.ts';
import type { DataPlane } from '../data-plane.ts';
import type { ObjectStore } from '../store/index.ts';
import type { Versions } from '../versions.ts';
import type { ServedRead } from './served-reads.ts';
import { ServingThreads } from './serving-threads.ts';

/** More threads than this wait for memory, not for each other (measured: docs/adr/0009). */
const MOST_THREADS = 4;
/** Of the memory of reads, what the threads have together: they hold less, because the kernel sends files. */
const THREADS_SHARE = 1 / 4;

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly threads: number;
  readonly parts: {
    readonly store: ObjectStore;
    readonly versions: Versions;
    readonly plane: DataPlane;
    /** Answers what threads pass on. */
    readonly handler: DataHandler;
    readonly server: DataServer;
  };
  readonly limits: Limits;
  /** Open files of objects, for all threads together. */
  readonly maxOpenFiles: number;
  readonly slots: ConnectionSlots;
  readonly placement: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

type Limits = Pick<
  DataServerOptions,
  'frameTimeoutMs' | 'sendTimeoutMs' | 'maxRequests' | 'maxConnections' | 'maxReadBytes'
>;

export function defaultThreads(): number {
  return Math.min(MOST_THREADS, Math.max(1, Math.floor(os.availableParallelism() / 2)));
}

/** How the memory of reads is divided between the main thread and the others. */
export function divideMemory(
  readMemoryBytes: number,
  threads: number,
): { readonly mainBytes: number; readonly threadBytes: number } {
  if (threads === 0) return { mainBytes: readMemoryBytes, threadBytes: 0 };
  const theirsBytes = Math.floor(readMemoryBytes * THREADS_SHARE);
  return {
    mainBytes: readMemoryBytes - theirsBytes,
    threadBytes: Math.max(MIB, Math.floor(theirsBytes / threads)),
  };
}

/** @throws {LarderError} `UNAVAILABLE` where the address cannot be had */
export async function serveByThreads(options: ServeOptions): Promise<ServingThreads> {
  const { host, port, threads, parts, limits, maxOpenFiles, slots, placement } = options;
  const { store, versions, plane, handler, server } = parts;
  const { clock, log } = options;
  const closing = new AbortController();
  return await ServingThreads.start({
    ...{ host, port, threads, slots, placement, handler, clock, log },
    share: () => server.share(),
    completeDirectories: () => store.completeDirectories.map((it) => it.path),
    thread: {
      ...limits,
      workerId: store.workerId,
      maxOpenFiles: Math.max(1, Math.floor(maxOpenFiles / threads)),
    },
    describe: async (datasetId, version) => {
      const { dataset, replica } = await versions.get(datasetId, version, closing.signal);
      return { dataset, manifestPath: replica.path, manifestBytes: replica.sizeBytes };
    },
    onServed: (reads) => void countServed(plane, reads),
    onDoubt: (body) => void look(plane, body, log),
  });
}

async function countServed(plane: DataPlane, reads: readonly ServedRead[]): Promise<void> {
  for (const read of reads) await plane.touched(read, read.reader);
}

/** Reading checks: what is damaged is dropped by it. */
async function look(plane: DataPlane, body: Buffer, log: Logger): Promise<void> {
  const header = { type: FRAME.READ, requestId: 0, bodyBytes: body.length };
  const { signal } = new AbortController();
  await plane
    .request(header, body, { requestId: 0, signal, isLocal: true, send: () => Promise.resolve() })
    .catch((error: unknown) => {
      log.debug({ err: error }, 'a file that could not be sent cannot be read either');
    });
}
