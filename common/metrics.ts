/**
 * The whole list of what Larder's processes measure of themselves; docs/METRICS.md is made from it.
 *
 * Always true: a label has few values that are known beforehand. Names of files, keys, datasets and nodes are
 * never labels: there may be any number of them.
 */

export type MetricRole = 'master' | 'worker';

export interface MetricSpec {
  /** A counter only grows, from 0 at the start of the process; a gauge is as it is now. */
  readonly kind: 'counter' | 'gauge';
  readonly role: MetricRole;
  readonly help: string;
  readonly labels?: readonly string[];
}

export const METRICS = {
  larder_cache_capacity_bytes: {
    kind: 'gauge',
    role: 'worker',
    help: 'What the cache may take, of all its disks that are used.',
  },
  larder_cache_used_bytes: {
    kind: 'gauge',
    role: 'worker',
    help: 'What the cache takes.',
  },
  larder_disks: {
    kind: 'gauge',
    role: 'worker',
    help: 'Cache directories by state: good, missing, bad.',
    labels: ['state'],
  },
  larder_disk_errors_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Reads and writes that cache disks failed.',
  },
  larder_disk_damaged_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Pieces of 256 KiB that did not match their checksums; their objects were dropped.',
  },
  larder_disk_lost_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Objects whose file was not there.',
  },
  larder_scrubbed_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Read again from cache disks to find damage that nobody has met yet.',
  },
  larder_read_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Asked for by readers, wherever the bytes came from.',
  },
  larder_read_origin_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Of the bytes that readers asked for, those that had to wait for the origin.',
  },
  larder_read_peer_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Of the bytes that readers asked for, those that went from one node to another.',
  },
  larder_origin_requests_total: {
    kind: 'counter',
    role: 'worker',
    help: 'GETs that were sent to origins; tries count one by one.',
  },
  larder_origin_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Received from origins.',
  },
  larder_origin_unique_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Of what was received from origins, each block once for as long as it is held.',
  },
  larder_peer_received_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Taken from other workers, to keep or to pass on.',
  },
  larder_peer_bad_answers_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Answers of other workers that were wrong: bytes of another object, too few, damaged.',
  },
  larder_moved_bytes_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Came from other workers because they belong here now.',
  },
  larder_moves_pending_bytes: {
    kind: 'gauge',
    role: 'worker',
    help: 'To come from other workers because they belong here now.',
  },
  larder_decisions_total: {
    kind: 'counter',
    role: 'worker',
    help: 'Where objects went (kept, transit, replica) or that they left (evicted), and why.',
    labels: ['decision', 'reason'],
  },
  larder_origins_resting: {
    kind: 'gauge',
    role: 'worker',
    help: 'Datasets whose origin this worker does not ask now, because credentials are missing or refused here.',
  },
  larder_workers: {
    kind: 'gauge',
    role: 'master',
    help: 'Workers of the placement by state: alive, away.',
    labels: ['state'],
  },
  larder_placement_number: {
    kind: 'gauge',
    role: 'master',
    help: 'Grows with each change of who owns what.',
  },
  larder_datasets: {
    kind: 'gauge',
    role: 'master',
    help: 'Datasets that exist.',
  },
  larder_dataset_files: {
    kind: 'gauge',
    role: 'master',
    help: 'Files of the latest versions of all datasets.',
  },
  larder_dataset_bytes: {
    kind: 'gauge',
    role: 'master',
    help: 'Bytes of the latest versions of all datasets.',
  },
  larder_dataset_skipped_keys: {
    kind: 'gauge',
    role: 'master',
    help: 'Keys that the latest versions of all datasets leave out; `larder dataset show NAME --skipped` names them.',
  },
  larder_held_bytes: {
    kind: 'gauge',
    role: 'master',
    help: 'On the disks of the workers that are alive, copies included, as they reported it.',
  },
  larder_leases: {
    kind: 'gauge',
    role: 'master',
    help: 'Versions in use: mounts, and clients that opened a dataset.',
  },
  larder_preloads: {
    kind: 'gauge',
    role: 'master',
    help: 'Preloads that are remembered, by state.',
    labels: ['state'],
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;

/** One value of a metric: whole numbers, bytes or counts as its name says. */
export interface Reading {
  readonly name: MetricName;
  readonly value: number;
  /** Each label of the metric. */
  readonly labels?: Readonly<Record<string, string>>;
}
