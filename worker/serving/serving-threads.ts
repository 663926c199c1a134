/**
 * The threads that serve a worker's TCP port, as the main thread has them: starts them, answers what they pass
 * on, tells them what changes, and replaces one that has ended.
 *
 * Always true:
 *   - the address is this worker's alone when the threads begin to listen: it was bound without sharing just
 *     before, because the kernel lets processes of one user share a port as threads do;
 *   - a thread that ends takes its connections with it, and nothing else: their requests are cancelled, what
 *     they said of open files is taken back, and their places are free.
 */
import { once } from 'node:events';
import net from 'node:net';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LarderError, logLine, systemCode } from '../../common/index.ts';
import type { Clock, Logger } from '../../common/index.ts';
import { formatAddress } from '../../rpc/data/index.ts';
import type { ByteShare, ConnectionSlots, DataHandler } from '../../rpc/data/index.ts';
import type { ThreadOptions, ToMain, ToThread, VersionView } from './messages.ts';
import { RelayServer } from './relay-server.ts';
import type { ServedRead } from './served-reads.ts';

export interface ServingThreadsOptions {
  /** At least one. */
  readonly threads: number;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly thread: Omit<
    ThreadOptions,
    'host' | 'port' | 'placement' | 'completeDirectories' | 'connections' | 'user'
  >;
  /** Of the disks that are good now. */
  readonly completeDirectories: () => readonly string[];
  readonly slots: ConnectionSlots;
  readonly placement: () => number;
  readonly handler: DataHandler;
  readonly share: () => ByteShare;
  readonly describe: (datasetId: number, version: number) => Promise<VersionView>;
  /** Reads that threads have answered. */
  readonly onServed: (reads: readonly ServedRead[]) => void;
  /** A file did not give what its record promises; the body of a READ. */
  readonly onDoubt: (body: Buffer) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** What a thread runs. Default: `serving-thread`. */
  readonly entry?: URL | undefined;
}

/** A thread that ends at its start must not take a core for itself. */
const RESTART_MS = 200;
const CLOSE_MS = 2_000;
/** A free port may be taken between finding and using it. */
const PORT_TRIES = 5;

interface Thread {
  readonly worker: Worker;
  readonly relay: RelayServer;
}

export class ServingThreads implements AsyncDisposable {
  readonly #options: ServingThreadsOptions;
  readonly #port: number;
  readonly #threads: (Thread | undefined)[] = [];
  readonly #restarts = new Map<number, () => void>();
  #isClosing = false;

  /** Not for callers: see the static method. */
  constructor(options: ServingThreadsOptions, port: number) {
    this.#options = options;
    this.#port = port;
  }

  /** @throws {LarderError} `UNAVAILABLE` where the address cannot be had */
  static async start(options: ServingThreadsOptions): Promise<ServingThreads> {
    for (let tries = 1; ; tries += 1) {
      const threads = new ServingThreads(options, await freePort(options));
      try {
        await Promise.all(Array.from({ length: options.threads }, (_, i) => threads.#start(i)));
        return threads;
      } catch (error) {
        await threads[Symbol.asyncDispose]();
        if (options.port !== 0 || tries === PORT_TRIES) throw error;
      }
    }
  }

  get address(): string {
    return formatAddress({ kind: 'tcp', host: this.#options.host, port: this.#port });
  }

  evicted(objectId: string): void {
    this.#tell({ kind: 'evicted', objectId });
  }

  disksChanged(): void {
    const completeDirectories = this.#options.completeDirectories();
    this.#tell({ kind: 'disks', completeDirectories });
  }

  placed(placement: number): void {
    this.#tell({ kind: 'placed', placement });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (const cancel of this.#restarts.values()) cancel();
    await Promise.all(
      this.#threads.map(async (thread) => {
        if (thread === undefined) return;
        const exited = once(thread.worker, 'exit');
        post(thread.worker, { kind: 'close' });
        // One that is stuck on a disk does not hear it.
        const cancel = this.#options.clock.schedule(CLOSE_MS, () => void thread.worker.terminate());
        await exited;
        cancel();
      }),
    );
  }

  #tell(message: ToThread): void {
    for (const thread of this.#threads) if (thread !== undefined) post(thread.worker, message);
  }

  /** Resolves when it listens. */
  async #start(index: number): Promise<void> {
    const { thread, host, slots, placement, handler, share, log } = this.#options;
    const workerData: ThreadOptions = {
      ...{ ...thread, host, port: this.#port, placement: placement(), user: 1 + index },
      completeDirectories: this.#options.completeDirectories(),
      connections: slots.shared,
    };
    const entry =
      this.#options.entry ??
      // `.ts` from the sources, `.js` as built.
      new URL(`./serving-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(entry, { workerData });
    const relay = new RelayServer({
      ...{ handler, share, log },
      post: (message, transfer) => {
        worker.postMessage(message, transfer);
      },
    });
    this.#threads[index] = { worker, relay };
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: ToMain) => {
        if (message.kind === 'listening') resolve();
        else if (message.kind === 'failed') {
          reject(new LarderError(message.error.code, message.error.facts));
        } else this.#receive(worker, relay, message);
      });
      worker.on('error', (error) => {
        log.error({ err: error }, 'a serving thread failed');
      });
      worker.on('exit', () => {
        this.#ended(index, relay);
        reject(new LarderError('UNAVAILABLE', { what: 'a serving thread has ended' }));
      });
    });
  }

  #ended(index: number, relay: RelayServer): void {
    const { clock, log, slots } = this.#options;
    this.#threads[index] = undefined;
    relay[Symbol.dispose]();
    slots.giveBackAllOf(1 + index);
    if (this.#isClosing) return;
    log.warn({ thread: index }, 'a serving thread has ended: another takes its place');
    const cancel = clock.schedule(RESTART_MS, () => {
      this.#restarts.delete(index);
      this.#start(index).catch((error: unknown) => {
        log.error({ err: error, thread: index }, 'a serving thread cannot start');
        void this.#threads[index]?.worker.terminate();
      });
    });
    this.#restarts.set(index, cancel);
  }

  #receive(worker: Worker, relay: RelayServer, message: ToMain): void {
    const { onServed, onDoubt, log } = this.#options;
    switch (message.kind) {
      case 'served':
        onServed(message.reads);
        return;
      case 'doubt':
        onDoubt(Buffer.from(message.body));
        return;
      case 'describe':
        void this.#describe(worker, message.datasetId, message.version);
        return;
      case 'log':
        logLine(log, message.line);
        return;
      default:
        relay.receive(message);
    }
  }

  async #describe(worker: Worker, datasetId: number, version: number): Promise<void> {
    const view = await this.#options.describe(datasetId, version).catch(() => undefined);
    post(worker, { kind: 'described', datasetId, version, view });
  }
}

function post(worker: Worker, message: ToThread): void {
  worker.postMessage(message);
}

/** Binds the address alone, and gives it back. @throws {LarderError} `UNAVAILABLE` */
async function freePort({ host, port }: { host: string; port: number }): Promise<number> {
  const server = net.createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
    const bound = server.address();
    return typeof bound === 'object' ? (bound?.port ?? port) : port;
  } catch (cause) {
    const why = systemCode(cause) ?? String(cause);
    const listen = formatAddress({ kind: 'tcp', host, port });
    throw new LarderError('UNAVAILABLE', { listen, why }, { cause });
  } finally {
    server.close();
  }
}
