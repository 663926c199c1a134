/**
 * The one table of what a healthy installation is expected to meet: a full disk, a changed origin, a
 * master that is away. Each has a permanent code, what it means, and what to do about it.
 *
 * Always true: a code that is in the table is mapped to an errno, a gRPC status and an exit code,
 * because each map is checked against the table by the compiler. Bugs are not in here: they are
 * assertions.
 */
import { isUtf8 } from 'node:buffer';

export type Remedy = 'retry-same' | 'retry-elsewhere' | 'fix-request' | 'fix-cluster';

export interface ErrorSpec {
  readonly summary: string;
  readonly hint: string;
  readonly remedy: Remedy;
}

export const ERRORS = {
  INVALID_ARGUMENT: {
    summary: 'The request is not valid.',
    hint: 'The message says which value; `larder COMMAND --help` shows the accepted ones.',
    remedy: 'fix-request',
  },
  CONFIG_INVALID: {
    summary: 'The configuration is not valid.',
    hint: 'The message says where and what; `larder config check FILE` lists all that is wrong.',
    remedy: 'fix-request',
  },
  NOT_YET_AVAILABLE: {
    summary: 'This option belongs to a part of Larder that does not exist yet.',
    hint: 'Leave the option out.',
    remedy: 'fix-request',
  },
  NOT_FOUND: {
    summary: 'There is nothing of that name.',
    hint: 'List what there is with `larder dataset list`, `larder dataset versions NAME` or `larder status`.',
    remedy: 'fix-request',
  },
  ALREADY_EXISTS: {
    summary: 'The name is taken.',
    hint: 'Choose another name, or delete the old one with `larder dataset delete NAME`.',
    remedy: 'fix-request',
  },
  IS_A_DIRECTORY: {
    summary: 'The path is a directory.',
    hint: 'Name a file, or list the directory.',
    remedy: 'fix-request',
  },
  NOT_A_DIRECTORY: {
    summary: 'A part of the path is not a directory.',
    hint: 'Look at the path with `larder dataset show NAME` or in a mount.',
    remedy: 'fix-request',
  },
  UNAVAILABLE: {
    summary: 'A part of Larder could not be reached.',
    hint: 'See what runs with `larder status`; the message names the address.',
    remedy: 'retry-same',
  },
  DEADLINE_EXCEEDED: {
    summary: 'The answer did not come in time.',
    hint: 'See `larder status`; the deadline is LARDER_READ_TIMEOUT_MS.',
    remedy: 'retry-same',
  },
  CANCELLED: {
    summary: 'The operation was cancelled.',
    hint: 'Nothing to do: the caller asked for it.',
    remedy: 'fix-request',
  },
  BUSY: {
    summary: 'Too much is asked for at once.',
    hint: 'The caller waits and asks again by itself; lower the concurrency if this lasts.',
    remedy: 'retry-same',
  },
  NO_WORKER: {
    summary: 'No worker is there to do it.',
    hint: 'Start one with `larder worker --master HOST:PORT`.',
    remedy: 'fix-cluster',
  },
  ORIGIN_UNREACHABLE: {
    summary: 'The origin did not answer.',
    hint: 'Check the endpoint (`larder dataset show NAME`) and the network between it and the worker.',
    remedy: 'retry-elsewhere',
  },
  ORIGIN_NOT_FOUND: {
    summary: 'The origin has no such bucket or directory.',
    hint: 'Check the origin URL and the endpoint.',
    remedy: 'fix-request',
  },
  ORIGIN_DENIED: {
    summary: 'The origin refused access.',
    hint: 'Give the workers credentials that may list the prefix and read its objects.',
    remedy: 'fix-cluster',
  },
  ORIGIN_CREDENTIALS: {
    summary: 'The credentials for the origin are missing, expired or wrong.',
    hint: 'Renew them on the workers, or name others: `larder dataset set NAME credentials=profile:P`.',
    remedy: 'fix-cluster',
  },
  ORIGIN_CHANGED: {
    summary: 'The origin object is no longer the one this version names.',
    hint: 'Make a new version with `larder dataset refresh NAME`, and mount that.',
    remedy: 'fix-request',
  },
  ORIGIN_THROTTLED: {
    summary: 'The origin asks for fewer requests, also after retries.',
    hint: 'Wait, or ask the storage provider for a higher request rate.',
    remedy: 'retry-same',
  },
  ORIGIN_BAD_RESPONSE: {
    summary: 'The origin answered with something other than the bytes that were asked for.',
    hint: 'Look for a proxy or gateway between the worker and the origin.',
    remedy: 'retry-same',
  },
  LISTING_FAILED: {
    summary: 'No worker could list the origin.',
    hint: 'The message says why for each worker.',
    remedy: 'fix-cluster',
  },
  LISTING_UNSORTED: {
    summary: 'The origin did not list its keys in byte order.',
    hint: 'This origin needs a sorted listing; use another gateway or endpoint.',
    remedy: 'fix-cluster',
  },
  VERSION_LEASED: {
    summary: 'The version is mounted.',
    hint: 'Unmount it first: `larder status` shows where.',
    remedy: 'fix-request',
  },
  MANIFEST_CORRUPT: {
    summary: 'A manifest page is damaged.',
    hint: 'Delete the named file; it is copied from the master again.',
    remedy: 'retry-elsewhere',
  },
  LIMIT_EXCEEDED: {
    summary: 'A fixed limit of the format was exceeded.',
    hint: 'Split the dataset by prefix.',
    remedy: 'fix-request',
  },
  PROTOCOL_MISMATCH: {
    summary: 'The other side speaks another protocol version.',
    hint: 'Install the same release on both sides.',
    remedy: 'fix-cluster',
  },
  FRAME_INVALID: {
    summary: 'A data-plane frame was malformed.',
    hint: 'Something other than Larder talks to this port; look at the address in the message.',
    remedy: 'retry-elsewhere',
  },
  CHECKSUM_MISMATCH: {
    summary: 'Bytes did not match their checksum.',
    hint: 'They were thrown away and are read again; look at the disk or the network if it lasts.',
    remedy: 'retry-elsewhere',
  },
  CACHE_DIR_UNUSABLE: {
    summary: 'The cache directory cannot be used.',
    hint: 'Name a writable directory on a local ext4 or xfs disk with --cache-dir.',
    remedy: 'fix-cluster',
  },
  CACHE_DIRS_MIXED: {
    summary: 'The cache directories belong to different workers.',
    hint: 'Give each worker its own --cache-dir. To give a directory to another worker, empty it first.',
    remedy: 'fix-request',
  },
  CACHE_DIR_LOCKED: {
    summary: 'Another worker uses this cache directory.',
    hint: 'Give each worker its own --cache-dir, or stop the other one.',
    remedy: 'fix-request',
  },
  CACHE_IO: {
    summary: 'The cache disk failed a read or a write.',
    hint: 'Look at the disk (`dmesg`); reads go to the origin meanwhile.',
    remedy: 'retry-elsewhere',
  },
  NOT_KEPT: {
    summary: 'The file does not fit into the cache.',
    hint: 'Give the workers more room with --cache-size, add a worker, or preload fewer files.',
    remedy: 'fix-cluster',
  },
  WORKER_ID_TAKEN: {
    summary: 'Another worker with this identity is alive.',
    hint: 'A cache directory was copied: delete `worker-id` in the copy and start it again.',
    remedy: 'fix-cluster',
  },
  NO_ROOM_ELSEWHERE: {
    summary: 'What the worker holds has no room on the others.',
    hint: 'Add a worker, or more --cache-size elsewhere; stopped as it is, what is lost is read from the origin again.',
    remedy: 'fix-cluster',
  },
  DATA_DIR_UNUSABLE: {
    summary: 'The data directory of the master cannot be used.',
    hint: 'Name a writable directory on a local disk with --data-dir.',
    remedy: 'fix-cluster',
  },
  DATA_DIR_FULL: {
    summary: 'The data directory of the master is full.',
    hint: 'Free space or inodes on its file system; what exists is served meanwhile.',
    remedy: 'fix-cluster',
  },
  DATA_DIR_LOCKED: {
    summary: 'Another master uses this data directory.',
    hint: 'Stop the other one, or give this one its own --data-dir.',
    remedy: 'fix-request',
  },
  RUNTIME_DIR_UNUSABLE: {
    summary: 'The runtime directory cannot be used.',
    hint: 'Free space on its file system, or name another one with LARDER_RUNTIME_DIR.',
    remedy: 'fix-cluster',
  },
  MOUNTPOINT_INVALID: {
    summary: 'The mount point cannot be used.',
    hint: 'It must be an existing, empty directory that nothing is mounted on.',
    remedy: 'fix-request',
  },
  MOUNTPOINT_BUSY: {
    summary: 'The mount is in use.',
    hint: 'End the named processes, or leave the directory, and try again.',
    remedy: 'fix-request',
  },
  NOT_MOUNTED: {
    summary: 'Nothing of Larder is mounted there.',
    hint: '`larder status` lists the mounts of this machine.',
    remedy: 'fix-request',
  },
  FUSE_UNAVAILABLE: {
    summary: 'The kernel does not let this process mount.',
    hint: 'Needs /dev/fuse, and root or `fusermount3` (package fuse3); the SDK and preloads work without.',
    remedy: 'fix-cluster',
  },
  UPGRADE_REFUSED: {
    summary: 'The mount cannot be upgraded as it is.',
    hint: 'Nothing was touched. The message says why; unmounting and mounting when no job reads always works.',
    remedy: 'fix-request',
  },
  UPGRADE_FAILED: {
    summary: 'The new installation does not serve the mount.',
    hint: 'The mount goes on with the installation that it had; look at the new one, and try again.',
    remedy: 'fix-cluster',
  },
  INSECURE_LISTEN: {
    summary: 'Refusing to listen beyond loopback without authentication.',
    hint: 'Listen on 127.0.0.1, or say --insecure on a network that you trust.',
    remedy: 'fix-request',
  },
  OPEN_FILES_LIMIT: {
    summary: 'This process may open too few files.',
    hint: 'Raise the limit: `ulimit -n 1024`, or `LimitNOFILE=` in the systemd unit.',
    remedy: 'fix-cluster',
  },
  INSTALL_CHANGED: {
    summary: 'A file that `larder install` wrote was edited since.',
    hint: 'Keep it, or let --force replace it (the old one stays beside it as .old).',
    remedy: 'fix-request',
  },
  INSTALL_FAILED: {
    summary: 'A file of the installation cannot be read or written.',
    hint: 'Run it as root, or for another directory with --root DIR.',
    remedy: 'fix-request',
  },
  INTERNAL: {
    summary: 'A defect in Larder.',
    hint: 'Please report it with the log.',
    remedy: 'retry-same',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** An expected failure. The throw site gives facts, the table gives meaning. */
export class LarderError extends Error {
  override readonly name = 'LarderError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}, options?: ErrorOptions) {
    super(`[${code}] ${ERRORS[code].summary}${renderFacts(facts)}`, options);
    this.code = code;
    this.facts = facts;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }

  get remedy(): Remedy {
    return ERRORS[this.code].remedy;
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** The error itself where it is one of ours, else a defect with the cause kept. */
export function asLarderError(error: unknown): LarderError {
  if (error instanceof LarderError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new LarderError('CANCELLED', {}, { cause: error });
  }
  const what = error instanceof Error ? error.message : String(error);
  return new LarderError('INTERNAL', { what }, { cause: error });
}

export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof LarderError && error.code === code;
}

/** The `code` of a system error (ENOENT, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function renderFacts(facts: ErrorFacts): string {
  const parts = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${printable(String(value))}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text with control and direction-changing characters escaped: safe for a terminal or a log. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** For facts of errors: text where it is text, else the odd bytes as `\xNN`. */
export function printableKey(key: Buffer): string {
  if (isUtf8(key)) return key.toString();
  return key
    .toString('latin1')
    .replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
