/**
 * The files of `.larder` in a mount, so that a job in any language tells its plan without a library:
 *
 *   - `plan`: JSON is written to it, and told to the cluster when it is closed; what is wrong fails the close;
 *   - `status.json`: what became of the last plan that was written here, and what each worker makes of all plans of the
 *     version.
 *
 * Runs on the event loop. The kernel neither caches nor reads ahead what is in them.
 *
 * Always true:
 *   - a plan is told whole or not at all: where the server died while it was written, the next write or the close fails
 *     with EIO;
 *   - what is held of writers that have not closed is at most `MAX_OPEN` times the largest plan, and a byte beyond that
 *     is EFBIG;
 *   - nothing else can be written, made or removed: EROFS.
 */
import { constants } from 'node:os';
import { asLarderError, LarderError, untilAborted } from '../common/index.ts';
import type { ErrorFacts } from '../common/index.ts';
import { MAX_PLAN_BYTES } from '../common/plans/index.ts';
import type { PlanStatus } from '../sdk/index.ts';
import { ACCESS_MODE_MASK, GETXATTR_IN, OPCODE, OPEN_FLAG, OPEN_IN, READ_ONLY } from './abi.ts';
import { SETATTR_IN, SETATTR_SIZE } from './abi.ts';
import { CONTROL_NODE, controlAttributes, controlNames, controlNode } from './control-nodes.ts';
import type { RequestView } from './decode.ts';
import type { Reply } from './encode.ts';

/** The part of a `MountSource` that these files need. */
export interface PlannedSource {
  tellPlan(json: string, signal: AbortSignal): Promise<PlanStatus>;
  plans(signal: AbortSignal): Promise<readonly PlanStatus[]>;
}

export interface ControlFilesOptions {
  readonly deviceFd: number;
  readonly dataset: string;
  readonly version: number;
  readonly source: Promise<PlannedSource>;
  readonly reply: Reply;
}

/** What became of a plan that was written here. */
type Told =
  | { readonly state: 'none' }
  | { readonly state: 'told'; readonly job: string }
  | { readonly state: 'refused'; readonly code: string; readonly reason: string };

interface OpenFile {
  /** What is read, as of the first read. */
  text?: Promise<Buffer>;
  written: Buffer[];
  writtenBytes: number;
  /** Nothing of it is told. */
  isRefused: boolean;
}

const { errno } = constants;
/** Many ranks may write at once; a writer that is killed closes. */
const MAX_OPEN = 64;
/** Of a name's cookie; a listing goes on after it. */
const FIRST_COOKIE = 1;
/** Handles of a server before this one mean nothing here: each has its own, by its pid. */
const HANDLES_OF_PID = 4_096;
const PIDS = 2 ** 20;

export class ControlFiles {
  readonly #options: ControlFilesOptions;
  readonly #open = new Map<number, OpenFile>();
  #opened = 0;
  #last: Told = { state: 'none' };

  constructor(options: ControlFilesOptions) {
    this.#options = options;
  }

  /** @throws {LarderError} what is then answered with its errno */
  async answer(request: RequestView, signal: AbortSignal): Promise<void> {
    const { reply } = this.#options;
    const { node } = request;
    switch (request.opcode) {
      case OPCODE.LOOKUP: {
        const found = controlNode(node, request.name);
        this.#send(
          request,
          found === 0 ? reply.missingEntry() : reply.entry(controlAttributes(found)),
        );
        return;
      }
      case OPCODE.GETATTR:
        this.#send(request, reply.attributes(controlAttributes(node)));
        return;
      case OPCODE.SETATTR:
        this.#setAttributes(request);
        return;
      case OPCODE.OPEN:
        this.#openFile(request);
        return;
      case OPCODE.READ:
        await this.#read(request, signal);
        return;
      case OPCODE.WRITE:
        this.#write(request);
        return;
      case OPCODE.FLUSH:
        await this.#flush(request, signal);
        return;
      case OPCODE.RELEASE:
        this.#open.delete(request.handle);
        this.#send(request, 0);
        return;
      case OPCODE.READDIR:
      case OPCODE.READDIRPLUS:
        this.#list(request);
        return;
      case OPCODE.LISTXATTR: {
        const isAskedForSize = request.body(GETXATTR_IN.SIZE) === 0;
        this.#send(request, isAskedForSize ? reply.xattrSize(0) : 0);
        return;
      }
      default:
        this.#fail(request, this.#errnoOf(request));
    }
  }

  /** Of what is neither read nor written. ENOSYS would turn an operation off for the whole mount. */
  #errnoOf(request: RequestView): number {
    switch (request.opcode) {
      case OPCODE.FSYNC:
      case OPCODE.ACCESS:
      case OPCODE.OPENDIR:
      case OPCODE.RELEASEDIR:
        return 0;
      case OPCODE.GETXATTR:
        return errno.ENODATA;
      case OPCODE.LSEEK:
      case OPCODE.READLINK:
        return errno.EINVAL;
      case OPCODE.IOCTL:
        return errno.ENOTTY;
      case OPCODE.STATX:
        return errno.ENOSYS;
      default:
        return errno.EROFS;
    }
  }

  /** To be opened for writing a file is cut to nothing first; modes and owners stay. */
  #setAttributes(request: RequestView): void {
    const isCut = (request.body(SETATTR_IN.VALID) & SETATTR_SIZE) !== 0;
    if (request.node !== CONTROL_NODE.plan || !isCut) {
      this.#fail(request, errno.EROFS);
      return;
    }
    this.#send(request, this.#options.reply.attributes(controlAttributes(request.node)));
  }

  #openFile(request: RequestView): void {
    const { node } = request;
    const isRead = (request.body(OPEN_IN.FLAGS) & ACCESS_MODE_MASK) === READ_ONLY;
    if (node !== CONTROL_NODE.plan && !isRead) {
      this.#fail(request, errno.EROFS);
      return;
    }
    if (this.#open.size >= MAX_OPEN) throw new LarderError('BUSY', { open: this.#open.size });
    this.#opened += 1;
    const handle = (process.pid % PIDS) * HANDLES_OF_PID + (this.#opened % HANDLES_OF_PID);
    this.#open.set(handle, newFile());
    this.#send(request, this.#options.reply.opened(handle, OPEN_FLAG.DIRECT_IO));
  }

  async #read(request: RequestView, signal: AbortSignal): Promise<void> {
    const { reply } = this.#options;
    const { node, readOffset: from, readSize } = request;
    const file = this.#fileOf(request, from);
    if (file === undefined) {
      this.#fail(request, errno.EIO);
      return;
    }
    if (node === CONTROL_NODE.status) file.text ??= this.#status(signal);
    const text = (await file.text) ?? Buffer.alloc(0);
    const part = text.subarray(from, from + Math.min(readSize, reply.capacityBytes));
    this.#send(request, reply.copy(part));
  }

  /** One that a server before this one opened is as good as new at its beginning. */
  #fileOf({ handle }: RequestView, offsetBytes: number): OpenFile | undefined {
    const known = this.#open.get(handle);
    if (known !== undefined || offsetBytes > 0 || this.#open.size >= MAX_OPEN) return known;
    const file = newFile();
    this.#open.set(handle, file);
    return file;
  }

  #write(request: RequestView): void {
    const { reply } = this.#options;
    const bytes = request.writtenBytes;
    const at = request.writeOffset;
    const file = this.#fileOf(request, at);
    if (file === undefined || request.node !== CONTROL_NODE.plan) {
      this.#fail(request, errno.EIO);
      return;
    }
    if (at + bytes.length > MAX_PLAN_BYTES) {
      this.#refuse(file, { mostBytes: MAX_PLAN_BYTES });
      this.#fail(request, errno.EFBIG);
      return;
    }
    // One that is sent again after a server died has another's handle: what was written is here once.
    if (file.isRefused || at !== file.writtenBytes) {
      if (!file.isRefused)
        this.#refuse(file, { expected: 'written from its beginning to its end' });
      this.#fail(request, errno.EINVAL);
      return;
    }
    file.written.push(Buffer.from(bytes));
    file.writtenBytes += bytes.length;
    this.#send(request, reply.written(bytes.length));
  }

  /** Each close says so, also of a copy of the file descriptor: a plan is told by the first. */
  async #flush(request: RequestView, signal: AbortSignal): Promise<void> {
    const file = this.#open.get(request.handle);
    if (file === undefined && request.node === CONTROL_NODE.plan) {
      const why = { what: 'a plan', reason: 'the FUSE server was replaced while it was written' };
      this.#refused(new LarderError('CACHE_IO', why));
      this.#fail(request, errno.EIO);
      return;
    }
    const json = Buffer.concat(file?.written ?? []).toString('utf8');
    if (file !== undefined) file.written = [];
    if (json !== '') {
      try {
        const source = await untilAborted(this.#options.source, signal);
        const { job } = await source.tellPlan(json, signal);
        this.#last = { state: 'told', job };
      } catch (error) {
        this.#refused(error);
        throw error;
      }
    }
    this.#send(request, 0);
  }

  #list(request: RequestView): void {
    const { reply } = this.#options;
    const limitBytes = Math.min(request.readSize, reply.capacityBytes);
    let at = 0;
    let cookie = FIRST_COOKIE;
    for (const { name, node } of controlNames()) {
      cookie += 1;
      if (cookie <= request.readOffset) continue;
      const entry = {
        ...{ attributes: controlAttributes(node), bytes: name, cookie, isDot: false },
        ...{ nameStart: 0, nameEnd: name.length },
      };
      const plus = request.opcode === OPCODE.READDIRPLUS;
      const next = plus
        ? reply.direntPlus(at, limitBytes, entry)
        : reply.dirent(at, limitBytes, entry);
      if (next < 0) break;
      at = next;
    }
    this.#send(request, at);
  }

  async #status(signal: AbortSignal): Promise<Buffer> {
    const { dataset, version } = this.#options;
    const source = await untilAborted(this.#options.source, signal);
    const known = await source.plans(signal).then(
      (plans) => ({
        plans: plans.filter((it) => it.dataset === dataset && it.version === version),
      }),
      (error: unknown) => ({ plans: [], error: asLarderError(error).message }),
    );
    const status = { dataset, version, written: this.#last, ...known };
    return Buffer.from(`${JSON.stringify(status, undefined, 2)}\n`);
  }

  #refuse(file: OpenFile, facts: ErrorFacts): void {
    file.isRefused = true;
    file.written = [];
    this.#refused(new LarderError('INVALID_ARGUMENT', { what: 'a plan', ...facts }));
  }

  #refused(error: unknown): void {
    const { code, message } = asLarderError(error);
    this.#last = { state: 'refused', code, reason: message };
  }

  #send(request: RequestView, bodyBytes: number): void {
    this.#options.reply.send(this.#options.deviceFd, request, bodyBytes);
  }

  #fail(request: RequestView, errnoValue: number): void {
    this.#options.reply.send(this.#options.deviceFd, request, 0, errnoValue);
  }
}

function newFile(): OpenFile {
  return { written: [], writtenBytes: 0, isRefused: false };
}
