/**
 * The protocol: one request of the kernel in, one reply out, or the word that it must wait.
 *
 * Knows opcodes, flags and errnos; asks `VersionFiles` what there is and `LocalBytes` for bytes that
 * are here. The same session code runs in every serving thread and on the event loop.
 *
 * Always true:
 *   - `done` means that the reply was written (or that none is due), `deferred` that none was;
 *   - nothing writes: whatever would change something gets EROFS, but for the files of `.larder`, which are left to the
 *     event loop, and are not there where the kernel opens files without asking;
 *   - an open is counted before its reply is written.
 */
import { constants } from 'node:os';
import { asLarderError, ERRNO, FUSE_MAX_READ_BYTES } from '../common/index.ts';
import { MAX_SEGMENT_BYTES, PageMissing } from '../common/index.ts';
import type { LarderError } from '../common/index.ts';
import {
  ACCESS_IN,
  ACCESS_MODE_MASK,
  ACCESS_WRITE,
  GETXATTR_IN,
  INIT_FLAG,
  INIT_FLAG2,
  INIT_IN,
  KERNEL_MINOR,
  LSEEK_IN,
  MAX_WRITE_BYTES,
  OLDEST_KERNEL_MINOR,
  OPCODE,
  OPEN_FLAG,
  OPEN_IN,
  READ_ONLY,
  SEEK_DATA,
  SEEK_HOLE,
} from './abi.ts';
import { isControlRequest } from './control-nodes.ts';
import type { RequestView } from './decode.ts';
import type { Reply, UniqueWords } from './encode.ts';
import { openFlags } from './opens.ts';
import type { Opens } from './opens.ts';
import { SOURCE_XATTRS } from './operations.ts';
import type { FileRange, VersionFiles } from './operations.ts';
import type { SharedState } from './state.ts';

const { errno } = constants;

export type Disposition = 'done' | 'deferred';

/** Bytes that can be had without waiting for anything but a local disk. */
export interface LocalBytes {
  /** Sends the answer to a read of at least one byte; false where the bytes are not here. */
  answer(range: FileRange, request: UniqueWords, reply: Reply): boolean;
}

export interface SessionOptions {
  readonly deviceFd: number;
  readonly state: SharedState;
  readonly files: VersionFiles;
  readonly bytes: LocalBytes;
  readonly opens: Opens;
  /** Told of each failure that is answered with an errno, but for those that are plain answers. */
  onError(error: LarderError, opcode: number): void;
}

/** Reads ahead that the kernel may have under way; each is up to 1 MiB, and waits in a slot. */
const MAX_BACKGROUND = 128;
const CONGESTION_THRESHOLD = 96;
/** An upper bound; the holder sets what is really read ahead. */
const MAX_READAHEAD_BYTES = 16 << 20;
const PAGE_BYTES = 4096;

const WANTED_FLAGS =
  INIT_FLAG.ASYNC_READ |
  INIT_FLAG.BIG_WRITES |
  INIT_FLAG.DO_READDIRPLUS |
  INIT_FLAG.NO_OPEN_SUPPORT |
  INIT_FLAG.PARALLEL_DIROPS |
  INIT_FLAG.MAX_PAGES |
  INIT_FLAG.CACHE_SYMLINKS |
  INIT_FLAG.NO_OPENDIR_SUPPORT |
  INIT_FLAG.EXPLICIT_INVAL_DATA |
  INIT_FLAG.INIT_EXT;

/** The way in which a file is open. */
const MODE_XATTR = 'user.larder.mode';
const SPECIAL_XATTRS: ReadonlySet<string> = new Set([...SOURCE_XATTRS, MODE_XATTR]);

/** Answers that applications ask for all day long. */
const QUIET: ReadonlySet<string> = new Set(['NOT_FOUND', 'NOT_A_DIRECTORY', 'IS_A_DIRECTORY']);

export class FuseSession {
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * @param again a predecessor may have answered this request, or applied it without answering
   * @throws {PageMissing} where a page of the manifest must be fetched first; nothing was written
   */
  handle(request: RequestView, reply: Reply, again = false): Disposition {
    try {
      return this.#dispatch(request, reply, again);
    } catch (error) {
      if (error instanceof PageMissing) throw error;
      this.fail(request, reply, error);
      return 'done';
    }
  }

  /** Whether it is for the files of `.larder`. */
  leavesToControl(request: RequestView): boolean {
    return this.#options.opens.mode !== 'none' && isControlRequest(request);
  }

  /** Answers with the errno of an error. */
  fail(request: RequestView, reply: Reply, error: unknown): void {
    const known = asLarderError(error);
    if (!QUIET.has(known.code)) this.#options.onError(known, request.opcode);
    reply.send(this.#options.deviceFd, request, 0, ERRNO[known.code]);
  }

  #dispatch(request: RequestView, reply: Reply, again: boolean): Disposition {
    if (this.leavesToControl(request)) return 'deferred';
    switch (request.opcode) {
      case OPCODE.READ:
        return this.#read(request, reply);
      case OPCODE.LOOKUP:
        return this.#lookup(request, reply);
      case OPCODE.GETATTR:
        return this.#body(
          request,
          reply,
          reply.attributes(this.#options.files.attributes(request.node)),
        );
      case OPCODE.OPEN:
        return this.#open(request, reply, again);
      case OPCODE.RELEASE:
        this.#options.opens.release(openRequest(request, again), request.handle);
        return this.#body(request, reply, 0);
      case OPCODE.READDIR:
      case OPCODE.READDIRPLUS:
        return this.#list(request, reply);
      case OPCODE.READLINK:
        return this.#body(
          request,
          reply,
          reply.copy(this.#options.files.symlinkTarget(request.node)),
        );
      case OPCODE.FORGET:
      case OPCODE.BATCH_FORGET:
      case OPCODE.NOTIFY_REPLY:
        return 'done';
      case OPCODE.INTERRUPT:
        return 'deferred';
      case OPCODE.GETXATTR:
        return this.#xattr(request, reply);
      case OPCODE.LISTXATTR:
        return this.#xattrNames(request, reply);
      case OPCODE.LSEEK:
        return this.#seek(request, reply);
      default:
        return this.#rare(request, reply);
    }
  }

  #rare(request: RequestView, reply: Reply): Disposition {
    switch (request.opcode) {
      case OPCODE.INIT:
        return this.#init(request, reply);
      case OPCODE.OPENDIR:
        return this.#openDirectory(request, reply);
      case OPCODE.STATFS:
        return this.#body(request, reply, reply.statfs(this.#options.files.totals));
      case OPCODE.ACCESS:
        return (request.body(ACCESS_IN.MASK) & ACCESS_WRITE) === 0
          ? this.#body(request, reply, 0)
          : this.#error(request, reply, errno.EROFS);
      case OPCODE.FLUSH:
        // Said once, and the kernel tells of no close any more; other opens say NOFLUSH.
        return this.#error(request, reply, this.#options.opens.mode === 'none' ? errno.ENOSYS : 0);
      case OPCODE.FSYNC:
      case OPCODE.FSYNCDIR:
      case OPCODE.RELEASEDIR:
      case OPCODE.DESTROY:
        return this.#body(request, reply, 0);
      case OPCODE.SETATTR:
      case OPCODE.SYMLINK:
      case OPCODE.MKNOD:
      case OPCODE.MKDIR:
      case OPCODE.UNLINK:
      case OPCODE.RMDIR:
      case OPCODE.RENAME:
      case OPCODE.RENAME2:
      case OPCODE.LINK:
      case OPCODE.WRITE:
      case OPCODE.SETXATTR:
      case OPCODE.REMOVEXATTR:
      case OPCODE.CREATE:
      case OPCODE.TMPFILE:
      case OPCODE.FALLOCATE:
      case OPCODE.COPY_FILE_RANGE:
        return this.#error(request, reply, errno.EROFS);
      case OPCODE.IOCTL:
        return this.#error(request, reply, errno.ENOTTY);
      default:
        // STATX too: it asks for a time of birth, which a manifest has not; GETATTR serves the rest.
        return this.#error(request, reply, errno.ENOSYS);
    }
  }

  #read(request: RequestView, reply: Reply): Disposition {
    const { files, bytes } = this.#options;
    const lengthBytes = Math.min(request.readSize, reply.capacityBytes);
    const range = files.range(request.node, request.readOffset, lengthBytes);
    if (range.lengthBytes === 0) return this.#body(request, reply, 0);
    return bytes.answer(range, request, reply) ? 'done' : 'deferred';
  }

  #lookup(request: RequestView, reply: Reply): Disposition {
    const { files } = this.#options;
    const { name } = request;
    if (name.length > MAX_SEGMENT_BYTES) return this.#error(request, reply, errno.ENAMETOOLONG);
    const node = files.lookup(request.node, name);
    const body = node === 0 ? reply.missingEntry() : reply.entry(files.attributes(node));
    return this.#body(request, reply, body);
  }

  #open(request: RequestView, reply: Reply, again: boolean): Disposition {
    const { opens } = this.#options;
    if (opens.mode === 'none') return this.#error(request, reply, errno.ENOSYS);
    if ((request.body(OPEN_IN.FLAGS) & ACCESS_MODE_MASK) !== READ_ONLY) {
      return this.#error(request, reply, errno.EROFS);
    }
    const opened = opens.open(openRequest(request, again));
    const body = reply.opened(opened.handle, openFlags(opened), opened.backingId);
    return this.#body(request, reply, body);
  }

  /** ENOSYS once, and the kernel opens every directory by itself and keeps its names. */
  #openDirectory(request: RequestView, reply: Reply): Disposition {
    const kernelFlags = this.#options.state.negotiated?.kernelFlags ?? 0;
    if ((kernelFlags & INIT_FLAG.NO_OPENDIR_SUPPORT) !== 0) {
      return this.#error(request, reply, errno.ENOSYS);
    }
    return this.#body(request, reply, reply.opened(0, OPEN_FLAG.KEEP_CACHE | OPEN_FLAG.CACHE_DIR));
  }

  #list(request: RequestView, reply: Reply): Disposition {
    const limitBytes = Math.min(request.readSize, reply.capacityBytes);
    const plus = request.opcode === OPCODE.READDIRPLUS;
    let at = 0;
    this.#options.files.list(request.node, request.readOffset, (entry) => {
      const next = plus
        ? reply.direntPlus(at, limitBytes, entry)
        : reply.dirent(at, limitBytes, entry);
      if (next < 0) return false;
      at = next;
      return true;
    });
    return this.#body(request, reply, at);
  }

  #xattr(request: RequestView, reply: Reply): Disposition {
    const { files, opens } = this.#options;
    const name = request.xattrName;
    if (SPECIAL_XATTRS.has(name) && files.attributes(request.node).kind === 'file') {
      if (name !== MODE_XATTR) return 'deferred';
      return this.answerXattr(request, reply, opens.describe(request.node));
    }
    return this.answerXattr(request, reply, files.xattr(request.node, name));
  }

  /** With a value of an extended attribute, or that there is none. */
  answerXattr(request: RequestView, reply: Reply, value: string | undefined): Disposition {
    if (value === undefined) return this.#error(request, reply, errno.ENODATA);
    return this.#sized(request, reply, Buffer.from(value, 'latin1'));
  }

  #xattrNames(request: RequestView, reply: Reply): Disposition {
    const names = this.#options.files.xattrNames(request.node);
    return this.#sized(request, reply, Buffer.from(names.map((name) => `${name}\0`).join('')));
  }

  /** The bytes where they fit what the caller has room for; asked with room 0, how many there are. */
  #sized(request: RequestView, reply: Reply, bytes: Buffer): Disposition {
    const room = request.body(GETXATTR_IN.SIZE);
    if (room === 0) return this.#body(request, reply, reply.xattrSize(bytes.length));
    if (room < bytes.length) return this.#error(request, reply, errno.ERANGE);
    return this.#body(request, reply, reply.copy(bytes));
  }

  /** A file is all data: `tar --sparse` must not find holes in what is only not fetched yet. */
  #seek(request: RequestView, reply: Reply): Disposition {
    const { sizeBytes } = this.#options.files.attributes(request.node);
    const offsetBytes = request.seekOffset;
    if (offsetBytes >= sizeBytes) return this.#error(request, reply, errno.ENXIO);
    switch (request.body(LSEEK_IN.WHENCE)) {
      case SEEK_DATA:
        return this.#body(request, reply, reply.seek(offsetBytes));
      case SEEK_HOLE:
        return this.#body(request, reply, reply.seek(sizeBytes));
      default:
        return this.#error(request, reply, errno.EINVAL);
    }
  }

  #init(request: RequestView, reply: Reply): Disposition {
    const minor = Math.min(request.body(INIT_IN.MINOR), KERNEL_MINOR);
    if (minor < OLDEST_KERNEL_MINOR) return this.#error(request, reply, errno.EPROTO);
    const kernelFlags = request.body(INIT_IN.FLAGS);
    const extended = (kernelFlags & INIT_FLAG.INIT_EXT) !== 0;
    const kernelFlags2 = extended ? request.body(INIT_IN.FLAGS2) : 0;
    const flags = kernelFlags & WANTED_FLAGS;
    const canPassThrough = this.#options.opens.wantsPassthrough;
    const flags2 = canPassThrough ? kernelFlags2 & INIT_FLAG2.PASSTHROUGH : 0;
    this.#options.state.negotiate({ minor, kernelFlags, kernelFlags2, flags, flags2 });
    const body = reply.init({
      minor,
      maxReadaheadBytes: MAX_READAHEAD_BYTES,
      flags,
      flags2,
      maxBackground: MAX_BACKGROUND,
      congestionThreshold: CONGESTION_THRESHOLD,
      maxWriteBytes: MAX_WRITE_BYTES,
      maxPages: FUSE_MAX_READ_BYTES / PAGE_BYTES,
      maxStackDepth: flags2 === 0 ? 0 : 1,
    });
    return this.#body(request, reply, body);
  }

  #body(request: RequestView, reply: Reply, bodyBytes: number): Disposition {
    reply.send(this.#options.deviceFd, request, bodyBytes);
    return 'done';
  }

  #error(request: RequestView, reply: Reply, errnoValue: number): Disposition {
    reply.send(this.#options.deviceFd, request, 0, errnoValue);
    return 'done';
  }
}

function openRequest(request: RequestView, again: boolean) {
  const { node, unique, isResent } = request;
  return { node, unique, isResent: isResent || again };
}
