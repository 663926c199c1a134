/** What the SDK gives to its callers: plain values, sizes in bytes. */
import type { DatasetInfo } from '../common/index.ts';

export interface VersionInfo {
  /** 1, 2, …; shown as `v1`. */
  readonly number: number;
  readonly createdAt: Date;
  readonly files: number;
  readonly bytes: number;
  readonly blocks: number;
  /** Keys that cannot be paths: see `Dataset.skipped`. */
  readonly skipped: number;
  /** How many for which reason: `SkippedKey.reason`. */
  readonly skippedReasons: Readonly<Record<string, number>>;
  /** Files whose validator is an ETag, and those that have only size and times. */
  readonly strongValidators: number;
  readonly weakValidators: number;
  /** Mounts that hold it. */
  readonly leases: number;
}

export interface DatasetSummary extends DatasetInfo {
  readonly createdAt: Date;
  readonly latest: VersionInfo;
}

export interface Changes {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
}

export interface BuildResult {
  readonly dataset: DatasetSummary;
  readonly version: VersionInfo;
  readonly changes: Changes;
  /** False where a refresh found nothing new: `version` is the one that was there. */
  readonly newVersion: boolean;
}

export interface BuildOptions {
  readonly signal?: AbortSignal;
  /** Called now and then while the origin is listed. */
  readonly onProgress?: (progress: { keysListed: number }) => void;
}

export interface SkippedKey {
  /** Below the origin's prefix. */
  readonly key: Buffer;
  /** A permanent name: see docs/SEMANTICS.md. */
  readonly reason: string;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface DirectoryEntry {
  /** As it is; `nameBytes` where it is not UTF-8. */
  readonly name: string;
  readonly nameBytes: Buffer;
  readonly kind: FileStat['kind'];
}

export type PreloadState = 'pending' | 'running' | 'complete' | 'partial' | 'cancelled' | 'failed';

export interface CallSignal {
  readonly signal?: AbortSignal;
}

/** Progress is |target ∩ held| / |target|, as the workers report what they hold. */
export interface PreloadProgress {
  readonly id: number;
  readonly state: PreloadState;
  readonly targetBlocks: number;
  readonly heldBlocks: number;
  readonly targetBytes: number;
  readonly heldBytes: number;
  readonly targetFiles: number;
  readonly heldFiles: number;
  readonly failedFiles: number;
  /** Copies were asked for: blocks, bytes and files are counted once for each. */
  readonly countsCopies: boolean;
  /** With `verify`: of what was held, bytes that were read and compared, and files that were wrong and are fetched again. */
  readonly verifiedBytes: number;
  readonly damagedFiles: number;
  /** That the budget has no room for: they are not in the target. */
  readonly leftOutFiles: number;
  /** That came to be held, over the last seconds; since its start where it has ended. */
  readonly bytesPerSecond: number;
  /** At that rate; null: not known, or nothing is missing. */
  readonly restMs: number | null;
  /** With a final state; at most 1,000. */
  readonly failures: readonly {
    /** Where it is not UTF-8, its odd bytes as `\xNN`. Empty: of the preload as a whole. */
    readonly path: string;
    readonly code: string;
    readonly message: string;
  }[];
}

export interface PreloadInfo extends PreloadProgress {
  /** Empty: it is gone. */
  readonly dataset: string;
  readonly version: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Null: what it loads is not protected from eviction. `released`: until it is, or at its end a time is known. */
  readonly keptUntil: Date | 'released' | null;
  readonly priority: number;
  readonly detached: boolean;
}

/** What a preload would take. */
export interface PreloadEstimate {
  readonly targetFiles: number;
  readonly targetBytes: number;
  readonly missingFiles: number;
  readonly missingBytes: number;
  /** To the origin, at most. */
  readonly requests: number;
  /** What limits it, or else what the last preload of the dataset came to; null: nothing is known. */
  readonly bytesPerSecond: number | null;
  readonly rateFrom: 'bandwidth' | 'origin-budget' | 'last-preload' | null;
  readonly ms: number | null;
  readonly leftOutFiles: number;
  /** Of the caches of all workers that are alive. */
  readonly freeBytes: number;
  /** Of `listed`, at most 1,000. */
  readonly notFound: readonly string[];
}

export interface FileLocation {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Host names in the order in which they are asked: the owner first. */
  readonly nodes: readonly string[];
}

export interface OriginCounters {
  readonly gets: number;
  readonly bytes: number;
  readonly uniqueBytes: number;
  readonly requestedBytes: number;
}

export interface OriginBudget {
  readonly budget: number;
  readonly now: number;
  readonly used: number;
}

/** A cache directory of a worker. */
export interface DiskStatus {
  readonly path: string;
  /** `good`, `missing` (not there at the start, or not mounted) or `bad` (it failed and is not used). */
  readonly state: string;
  /** Why it is not good. */
  readonly problem?: string;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly objects: number;
  /** Reads and writes that it failed. */
  readonly errors: number;
  /** Pieces of objects whose bytes did not match their checksums: those objects were dropped, and come again. */
  readonly damaged: number;
  /** Objects whose file was not there. */
  readonly lost: number;
  /** Read again to find damage that nobody has met yet. */
  readonly scrubbedBytes: number;
}

/** Of a member that is alive: `leaving` from `drainWorker` on. Of one that is not: `away`. */
export type WorkerState = 'active' | 'away' | 'leaving';

export interface DecisionCount {
  /** `kept`, `replica` or `transit`: where an object went; `evicted`: it left. */
  readonly decision: string;
  /** In words: `below threshold`, `over quota`, … */
  readonly reason: string;
  readonly count: number;
}

export interface WorkerInfo {
  readonly workerId: string;
  readonly node: string;
  readonly dataAddress: string;
  readonly state: WorkerState;
  readonly alive: boolean;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** One for each of its cache directories. */
  readonly disks: readonly DiskStatus[];
  /** Of all objects, what it owns: its part of the capacity of those that own. 0 while it is leaving. */
  readonly ownedShare: number;
  /** Of all that is used, what is used here; null where nothing is. */
  readonly usedShare: number | null;
  /** `usedShare` / `ownedShare`: 1 where it has its part. Null where one of them is nothing. */
  readonly skew: number | null;
  /** What is to come to it from other workers, and what has come since it started. */
  readonly moves: {
    readonly pendingObjects: number;
    readonly pendingBytes: number;
    readonly movedBytes: number;
  };
  /** How often each reason decided where an object goes, or that it leaves, the most frequent first. Since it started. */
  readonly decisions: readonly DecisionCount[];
  /**
   * What is not kept, on its way through its memory: bytes there, at most; and since it started: passed without being
   * written, through the disk because memory was full (`spilledBytes`), straight from the origin to one reader because there
   * was no room anywhere (`straightBytes`), written from memory because they were kept after all. `writtenBytes`: of all objects, to its disks.
   */
  readonly transit: {
    readonly memoryBytes: number;
    readonly limitBytes: number;
    readonly passedBytes: number;
    readonly spilledBytes: number;
    readonly straightBytes: number;
    readonly keptBytes: number;
    readonly writtenBytes: number;
  };
  /** What it got from other workers: bytes, answers that no sound worker gives, and who gave the last. */
  readonly peers: {
    readonly receivedBytes: number;
    readonly badAnswers: number;
    readonly lastBadPeer: string;
  };
  /** Origins that it cannot read: no credentials on its node, or refused. Others fetch meanwhile. */
  readonly originTroubles: readonly {
    readonly datasetId: number;
    readonly code: string;
    readonly message: string;
  }[];
  /** While it is leaving: what no active worker that is alive holds as well. */
  readonly lastCopyBytes: number;
  /** It is leaving, and known to hold nothing that no other holds: it may be stopped. */
  readonly drained: boolean;
}

/** How a dataset is read, and what that is concluded from. */
export interface PatternStatus {
  readonly kind: 'unknown' | 'repeated' | 'shuffled' | 'partitioned';
  readonly version: number;
  /** That are over. */
  readonly passes: number;
  /** Of the touches of the last pass, those that workers saw: 0 … 1. */
  readonly seenShare: number;
  /** Of the orders of the last two passes, −1 … 1; null where there is nothing to compare. */
  readonly orderCorrelation: number | null;
  /** Of the objects that came again, those that came to the same node; null where none did. */
  readonly sameNodeShare: number | null;
  /** That were seen to read. */
  readonly nodes: number;
}

export interface ClusterStatus {
  /** Grows with each change of who is a member, who is leaving, and how much room they have. */
  readonly placement: number;
  readonly workers: readonly WorkerInfo[];
  /** The largest of the workers' skews; null where nothing is held. */
  readonly skew: number | null;
  readonly datasets: readonly {
    readonly name: string;
    readonly latestVersion: number;
    readonly files: number;
    readonly bytes: number;
    readonly heldBytes: number;
    /** That are not to be evicted, held or not. */
    readonly pinnedBytes: number;
    /**
     * Bytes a second that all workers together read from its origin: as set, less for a while (`now`) after the
     * origin has throttled, and what they read. Undefined where that is unlimited.
     */
    readonly originBudget?: OriginBudget;
    /** As it is set: `auto`, `shuffled`, `repeated` or `partitioned`. */
    readonly policy: string;
    /** Who keeps what is read: its owner, or the worker where it is read first. */
    readonly keptBy: 'owner' | 'first-toucher';
    /** How it is read, as the workers see it; null where they have seen nothing. */
    readonly pattern: PatternStatus | null;
  }[];
  readonly origin: OriginCounters;
  /**
   * Asked of Larder; what of it had to wait for the origin, and what went from one node to another. The rest
   * was on the reader's node. Since the workers started.
   */
  readonly reads: {
    readonly bytes: number;
    readonly originBytes: number;
    readonly peerBytes: number;
  };
}

/** The plan of a job, and what each worker makes of it. */
export interface PlanStatus {
  readonly job: string;
  readonly dataset: string;
  readonly version: number;
  readonly sampler: string;
  /** What is left of its time. */
  readonly keepMs: number;
  readonly workers: readonly {
    readonly workerId: string;
    /** `preparing`, `waiting` (for the first read), `followed`, `dropped` or `over`. */
    readonly state: string;
    /** Why it was dropped; empty where it was not. */
    readonly reason: string;
    /** Where the job is, as far as this worker sees it: so many of `samples` were read in its epoch. */
    readonly epoch: number;
    readonly position: number;
    readonly samples: number;
    /** Reads that came as planned, and reads of the dataset that no plan had said. */
    readonly followed: number;
    readonly strayed: number;
    /** Files that were fetched because of it. */
    readonly fetched: number;
  }[];
}

/** How much of a version each node has. */
export interface NodeScores {
  readonly dataset: string;
  readonly version: number;
  readonly bytes: number;
  /** The best first. */
  readonly nodes: readonly {
    readonly node: string;
    /** Some worker there is alive, and stays. */
    readonly usable: boolean;
    /** Percent: what it has of all versions, of the bytes of this one, at most 100. */
    readonly score: number;
    readonly heldBytes: number;
    readonly freeBytes: number;
  }[];
}
