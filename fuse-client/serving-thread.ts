/**
 * One serving thread: reads requests from /dev/fuse, blocking, and answers at once what needs no
 * waiting. What must wait it leaves in its slot for the event loop, and takes another slot.
 *
 * Runs as the entry of a worker thread. A thread that is blocked in a read cannot be interrupted:
 * nobody waits for it; the process ends by SIGKILL, or the kernel ends the connection.
 */
import assert from 'node:assert';
import { readSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import {
  FUSE_MAX_READ_BYTES,
  ManifestReader,
  PageMissing,
  printable,
  systemCode,
} from '../common/index.ts';
import type { CompleteDirectory, DatasetInfo } from '../common/index.ts';
import type { MountSource } from '../sdk/index.ts';
import { FilePageSource } from '../rpc/manifests/index.ts';
import { REQUEST_BYTES } from './abi.ts';
import { KernelBackingFiles } from './backing-files.ts';
import { RequestView } from './decode.ts';
import { Reply } from './encode.ts';
import { EVERYTHING } from './eviction-notices.ts';
import { ExtentTable } from './extents.ts';
import { LocalObjects, NO_LOCAL_BYTES } from './local-objects.ts';
import type { Integrity } from './open-modes.ts';
import { Opens } from './opens.ts';
import { VersionFiles } from './operations.ts';
import { FuseSession } from './session.ts';
import type { LocalBytes } from './session.ts';
import { SharedState } from './state.ts';
import { TouchRing } from './touches.ts';

/** What a serving thread is started with. */
export interface ThreadData {
  readonly deviceFd: number;
  readonly stateFd: number;
  readonly integrity: Integrity;
  readonly openFiles: number;
  readonly source: SourceFiles;
  readonly touches: SharedArrayBuffer;
  readonly extents: SharedArrayBuffer;
  /** Word 0: evictions announced; word 1 + index: those that this thread has seen. */
  readonly evictions: SharedArrayBuffer;
  readonly index: number;
  /** Brings the ids of evicted objects, or `EVERYTHING`. */
  readonly evicted: MessagePort;
}

/** The files of a source: all that threads need of it. */
export interface SourceFiles {
  readonly dataset: DatasetInfo;
  readonly version: number;
  readonly manifestPath: string;
  /** None where they may not be read. */
  readonly completeDirectories: readonly CompleteDirectory[];
}

export type ThreadMessage =
  /** The event loop answers this slot's request. */
  | { readonly kind: 'deferred'; readonly slot: number }
  | { readonly kind: 'error'; readonly opcode: number; readonly what: string }
  /** The connection has ended. */
  | { readonly kind: 'ended' };

/** With strict integrity no file of the worker is read directly: what it sends was checked. */
export function filesOf(source: MountSource, integrity: Integrity): SourceFiles {
  const { dataset, version, manifestPath } = source;
  const completeDirectories = integrity === 'strict' ? [] : source.completeDirectories;
  return { dataset, version, manifestPath, completeDirectories };
}

export function openFiles(source: SourceFiles): VersionFiles {
  const reader = ManifestReader.open(new FilePageSource(source.manifestPath));
  return new VersionFiles(reader, source.dataset, source.version);
}

class ServingThread {
  readonly #data: ThreadData;
  readonly #state: SharedState;
  readonly #session: FuseSession;
  readonly #objects: LocalObjects | undefined;
  readonly #touches: TouchRing;
  readonly #evictions: Int32Array;
  readonly #reply = new Reply(FUSE_MAX_READ_BYTES);
  readonly #requests: RequestView[] = [];

  constructor(data: ThreadData) {
    this.#data = data;
    this.#state = SharedState.open(data.stateFd);
    this.#touches = new TouchRing(data.touches);
    this.#evictions = new Int32Array(data.evictions);
    const { dataset, completeDirectories } = data.source;
    const files = openFiles(data.source);
    this.#objects =
      completeDirectories.length === 0
        ? undefined
        : new LocalObjects({
            reader: files.reader,
            dataset,
            directories: completeDirectories,
            extents: new ExtentTable(data.extents),
            maxOpen: data.openFiles,
            deviceFd: data.deviceFd,
          });
    this.#session = new FuseSession({
      deviceFd: data.deviceFd,
      state: this.#state,
      files,
      bytes: this.#bytes(this.#objects),
      opens: new Opens({
        state: this.#state,
        files,
        backing: new KernelBackingFiles(data.deviceFd),
        integrity: data.integrity,
        completeDirectories,
        mayWait: true,
        onSmallRead: (ordinal, sizeBytes) => {
          this.#touches.add(ordinal, 0, sizeBytes);
        },
      }),
      onError: (error, opcode) => {
        post({ kind: 'error', opcode, what: printable(error.message) });
      },
    });
  }

  run(): void {
    let slot = this.#takeSlot();
    for (;;) {
      const request = this.#request(slot);
      // A slot whose length word is 0 holds no request, should this process end here.
      request.words[0] = 0;
      const outcome = this.#receive(request);
      if (outcome === 'ended') break;
      this.#letGoOfEvicted();
      if (outcome === 'nothing' || this.#handle(request)) continue;
      this.#state.defer(slot);
      post({ kind: 'deferred', slot });
      slot = this.#takeSlot();
    }
    this.#state.markEnded();
    post({ kind: 'ended' });
  }

  #receive(request: RequestView): 'request' | 'nothing' | 'ended' {
    try {
      readSync(this.#data.deviceFd, request.bytes, 0, REQUEST_BYTES, null);
      return 'request';
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENODEV' || code === 'ECONNABORTED') return 'ended';
      // ENOENT: the caller was killed while its request was copied. EINTR, EAGAIN: nothing came.
      if (code === 'ENOENT' || code === 'EINTR' || code === 'EAGAIN') return 'nothing';
      throw error;
    }
  }

  /** @returns false where the request must wait */
  #handle(request: RequestView): boolean {
    try {
      return this.#session.handle(request, this.#reply) === 'done';
    } catch (error) {
      if (error instanceof PageMissing) return false;
      throw error;
    }
  }

  #bytes(objects: LocalObjects | undefined): LocalBytes {
    if (objects === undefined) return NO_LOCAL_BYTES;
    return {
      answer: (range, request, reply) => {
        if (!objects.answer(range, request, reply)) return false;
        this.#touches.add(range.ordinal, range.offsetBytes, range.lengthBytes);
        this.#state.countRead('local');
        return true;
      },
    };
  }

  #letGoOfEvicted(): void {
    const announced = Atomics.load(this.#evictions, 0);
    const own = 1 + this.#data.index;
    if (announced === Atomics.load(this.#evictions, own)) return;
    for (;;) {
      const received = receiveMessageOnPort(this.#data.evicted) as { message: string } | undefined;
      if (received === undefined) break;
      const { message } = received;
      this.#objects?.letGo(message === EVERYTHING ? undefined : message);
    }
    Atomics.store(this.#evictions, own, announced);
  }

  #request(slot: number): RequestView {
    return (this.#requests[slot] ??= new RequestView(this.#state.slotMemory(slot)));
  }

  /** Waits where the event loop has them all: then the kernel keeps what comes. */
  #takeSlot(): number {
    for (;;) {
      const slot = this.#state.take();
      if (slot >= 0) return slot;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function post(message: ThreadMessage): void {
  assert(parentPort !== null, 'runs as a worker thread');
  parentPort.postMessage(message);
}

if (isThreadData(workerData)) new ServingThread(workerData).run();

function isThreadData(data: unknown): data is ThreadData {
  return typeof data === 'object' && data !== null && 'stateFd' in data && 'touches' in data;
}
