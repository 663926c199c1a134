/**
 * The numbers of the kernel's FUSE protocol (`include/uapi/linux/fuse.h`, 7.45), little-endian.
 *
 * Owns every constant and every struct layout that `decode.ts` and `encode.ts` use. All structs of
 * the protocol are made of 32-bit words, so that a layout is given as word indexes: a 64-bit field
 * is two words, low one first, and the hot path needs no BigInt.
 */

export const KERNEL_MAJOR = 7;
/** The newest minor version that this code knows; the smaller of ours and the kernel's is spoken. */
export const KERNEL_MINOR = 45;
/** Below this (Linux 4.20) there are no reads over 128 KiB, and the older struct sizes are not kept here. */
export const OLDEST_KERNEL_MINOR = 28;

export const ROOT_NODE = 1;

export const OPCODE = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  FSYNC: 20,
  SETXATTR: 21,
  GETXATTR: 22,
  LISTXATTR: 23,
  REMOVEXATTR: 24,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  FSYNCDIR: 30,
  ACCESS: 34,
  CREATE: 35,
  INTERRUPT: 36,
  DESTROY: 38,
  IOCTL: 39,
  NOTIFY_REPLY: 41,
  BATCH_FORGET: 42,
  FALLOCATE: 43,
  READDIRPLUS: 44,
  RENAME2: 45,
  LSEEK: 46,
  COPY_FILE_RANGE: 47,
  TMPFILE: 51,
  STATX: 52,
} as const;

/** Flags of INIT, bits 0–31 (`flags`). */
export const INIT_FLAG = {
  ASYNC_READ: 1 << 0,
  BIG_WRITES: 1 << 5,
  DO_READDIRPLUS: 1 << 13,
  NO_OPEN_SUPPORT: 1 << 17,
  PARALLEL_DIROPS: 1 << 18,
  MAX_PAGES: 1 << 22,
  CACHE_SYMLINKS: 1 << 23,
  NO_OPENDIR_SUPPORT: 1 << 24,
  EXPLICIT_INVAL_DATA: 1 << 25,
  INIT_EXT: 1 << 30,
} as const;

/** Flags of INIT, bits 32–63 (`flags2`). */
export const INIT_FLAG2 = {
  PASSTHROUGH: 1 << 5,
  HAS_RESEND: 1 << 7,
} as const;

export const OPEN_FLAG = {
  DIRECT_IO: 1 << 0,
  KEEP_CACHE: 1 << 1,
  CACHE_DIR: 1 << 3,
  NOFLUSH: 1 << 5,
  PASSTHROUGH: 1 << 7,
} as const;

/** ioctl of /dev/fuse with fuse_backing_map {fd, flags, padding (2)}: the id that opens may name. */
export const BACKING_OPEN = 0x4010_e501;
export const BACKING_MAP_WORDS = 4;
/** ioctl of /dev/fuse with the id. */
export const BACKING_CLOSE = 0x4004_e502;

/** `error` of an out header whose `unique` is 0: a notification. */
export const NOTIFY_RESEND = 7;
export const NOTIFY_INVAL_INODE = 2;
/** Set in the high word of `unique` when the kernel sends a request again; echoed in the reply. */
export const UNIQUE_RESEND_HIGH = 0x8000_0000;

export const IN_HEADER_BYTES = 40;
export const OUT_HEADER_BYTES = 16;
/** The smallest buffer that the kernel agrees to fill (FUSE_MIN_READ_BUFFER). */
export const REQUEST_BYTES = 8192;
/** The kernel's lower bound: hardly anything is ever written, and a request then fits REQUEST_BYTES. */
export const MAX_WRITE_BYTES = 4096;

/** Word indexes of fuse_in_header; the body starts at IN_BODY. */
export const IN = {
  LEN: 0,
  OPCODE: 1,
  UNIQUE_LOW: 2,
  UNIQUE_HIGH: 3,
  NODE_LOW: 4,
  NODE_HIGH: 5,
  UID: 6,
  GID: 7,
  PID: 8,
} as const;
export const IN_BODY = IN_HEADER_BYTES / 4;

/** Word indexes within the bodies of requests. */
export const INIT_IN = { MAJOR: 0, MINOR: 1, MAX_READAHEAD: 2, FLAGS: 3, FLAGS2: 4 } as const;
export const OPEN_IN = { FLAGS: 0 } as const;
export const READ_IN = { HANDLE: 0, OFFSET: 2, SIZE: 4 } as const;
export const WRITE_IN = { HANDLE: 0, OFFSET: 2, SIZE: 4, WORDS: 10 } as const;
export const SETATTR_IN = { VALID: 0 } as const;
/** Of SETATTR_IN.VALID. */
export const SETATTR_SIZE = 1 << 3;
export const RELEASE_IN = { HANDLE: 0 } as const;
export const GETXATTR_IN = { SIZE: 0, WORDS: 2 } as const;
export const ACCESS_IN = { MASK: 0 } as const;
export const LSEEK_IN = { OFFSET: 2, WHENCE: 4 } as const;
export const INTERRUPT_IN = { UNIQUE_LOW: 0, UNIQUE_HIGH: 1 } as const;

/** Sizes of the bodies of replies. */
const ATTR_BYTES = 88;
export const ENTRY_OUT_BYTES = 40 + ATTR_BYTES;
export const ATTR_OUT_BYTES = 16 + ATTR_BYTES;
export const OPEN_OUT_BYTES = 16;
export const STATFS_OUT_BYTES = 80;
export const INIT_OUT_BYTES = 64;
export const GETXATTR_OUT_BYTES = 8;
export const LSEEK_OUT_BYTES = 8;
export const WRITE_OUT_BYTES = 8;
export const DIRENT_BYTES = 24;

export const FILE_TYPE = { directory: 0o040_000, file: 0o100_000, symlink: 0o120_000 } as const;
/** d_type of a directory entry. */
export const DIRENT_TYPE = { directory: 4, file: 8, symlink: 10 } as const;

export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;
export const ACCESS_WRITE = 2;
/** Of the flags of open(2). */
export const ACCESS_MODE_MASK = 3;
export const READ_ONLY = 0;
