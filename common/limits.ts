/**
 * Every bound of the formats and the wire in one place, with the relations between them asserted.
 * What people may tune is configuration (`config.ts`); what is in here is a contract.
 */
import assert from 'node:assert';
import { GIB, KIB, MIB } from './units.ts';

/** Manifest: entries per page, and where the builder gives up. */
export const MANIFEST_PAGE_ENTRIES = 4096;
export const MANIFEST_MAX_ENTRIES = 2 ** 32 - 1;
export const MANIFEST_MAX_BLOCKS = 2 ** 32 - 1;
/** Buckets of the band hash for which a manifest's footer has sums of bytes. */
export const BAND_BUCKETS = 4096;

/** POSIX and S3. */
export const MAX_SEGMENT_BYTES = 255;
export const MAX_KEY_BYTES = 1024;
export const MAX_PATH_BYTES = 4096;
export const MAX_SYMLINK_BYTES = 4095;

export const DEFAULT_BLOCK_BYTES = 4 * MIB;
export const MIN_BLOCK_BYTES = 256 * KIB;
export const MAX_BLOCK_BYTES = 64 * MIB;
/** A checksum on disk covers one chunk; a data frame carries at most one. */
export const CHUNK_BYTES = 256 * KIB;
/** As many as a cluster has workers, and more is `all`. */
export const MAX_REPLICAS = 1000;
/**
 * The least that a cluster may be told to read from an origin, per second: below it, connections that take turns
 * would stand still until the origin gives them up.
 */
export const MIN_ORIGIN_BANDWIDTH_BYTES = MIB;
/** Objects above this are owned by stripes of this size. */
export const STRIPE_BYTES = GIB;

/** Data plane: header, and the largest body that is ever allocated for. */
export const FRAME_HEADER_BYTES = 16;
export const MAX_FRAME_BODY_BYTES = CHUNK_BYTES + 64;
export const MAX_READ_BYTES = 16 * MIB;
/** Files in one READ_MANY; together they have at most `MAX_READ_BYTES`. */
export const MAX_READ_MANY_FILES = 256;
/** The largest body that a client sends: HELLO is the only one that is not of a fixed, small size. */
export const MAX_REQUEST_BODY_BYTES = 4 * KIB;

/**
 * Connections that the kernel keeps until they are accepted. A Unix socket refuses the next one with EAGAIN,
 * and Node's default of 511 is less than a full node opens at once. The kernel takes `net.core.somaxconn`
 * (4,096) where that is less.
 */
export const ACCEPT_BACKLOG = 4_096;

/** FUSE: the largest read that the kernel is told to send. */
export const FUSE_MAX_READ_BYTES = MIB;

export const PROTOCOL_VERSION = 1;
export const GRPC_MAX_MESSAGE_BYTES = 4 * MIB;

assert(MIN_BLOCK_BYTES % CHUNK_BYTES === 0, 'a block is a whole number of chunks');
assert(STRIPE_BYTES % MAX_BLOCK_BYTES === 0, 'a stripe is a whole number of blocks');
assert(MAX_READ_BYTES >= FUSE_MAX_READ_BYTES, 'one FUSE read is one data-plane request');

/**
 * A file up to this size may be fetched ahead of where a pass is, and counts as read when the kernel is given it
 * to read by itself. It is one block of the default size.
 */
export const SMALL_READ_BYTES = 4 << 20;

/** Of a worker's cache, what is kept, unless told otherwise; the rest is for what passes through. */
export const KEPT_SHARE = 0.92;

/** Of a plan as JSON; it goes in one message. A list of paths that is longer is said by a rule instead. */
export const MAX_PLAN_BYTES = 2 * MIB;
/** That one plan may name: as many as a version's block index has rows at most. */
export const MAX_PLAN_FILES = 4 * 1024 * 1024;
/** Plans that are kept at a time. What they take on a worker is bounded there. */
export const MAX_PLANS = 64;
assert(MAX_PLAN_BYTES < GRPC_MAX_MESSAGE_BYTES, 'a plan is one message');
