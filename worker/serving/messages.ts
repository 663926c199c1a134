/**
 * What the main thread and a thread that serves connections tell each other. Requests and sessions have
 * numbers that the serving thread gives out.
 */
import type { DatasetInfo, ErrorFacts, ErrorCode } from '../../common/index.ts';
import type { FrameType } from '../../rpc/frames/index.ts';
import type { ServedRead } from './served-reads.ts';

export interface SentError {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
}

/** A manifest on this node's disk, for a reader of its own. */
export interface VersionView {
  readonly dataset: DatasetInfo;
  readonly manifestPath: string;
  readonly manifestBytes: number;
}

export type ToMain =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'failed'; readonly error: SentError }
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly session: number;
      /** See `DataSession`. */
      readonly reader: string | undefined;
      readonly requestId: number;
      readonly type: FrameType;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'cancel'; readonly id: number }
  /** So much of an answer was taken by the receiver. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  | {
      readonly kind: 'notice';
      readonly session: number;
      readonly reader: string | undefined;
      readonly type: FrameType;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'closed'; readonly session: number }
  | { readonly kind: 'describe'; readonly datasetId: number; readonly version: number }
  /** Reads that were answered without the main thread. */
  | { readonly kind: 'served'; readonly reads: readonly ServedRead[] }
  /** The file did not give what its record promises: the body of a READ of what should be looked at. */
  | { readonly kind: 'doubt'; readonly body: Uint8Array }
  | { readonly kind: 'log'; readonly line: string };

export type ToThread =
  /** Frames of an answer, one after the other. */
  | { readonly kind: 'frames'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'ended'; readonly id: number; readonly error: SentError | undefined }
  | {
      readonly kind: 'described';
      readonly datasetId: number;
      readonly version: number;
      readonly view: VersionView | undefined;
    }
  | { readonly kind: 'evicted'; readonly objectId: string }
  /** The worker's disks are others now. */
  | { readonly kind: 'disks'; readonly completeDirectories: readonly string[] }
  | { readonly kind: 'placed'; readonly placement: number }
  | { readonly kind: 'close' };

/** What a thread is started with. */
export interface ThreadOptions {
  readonly workerId: string;
  readonly host: string;
  readonly port: number;
  readonly placement: number;
  /** Of complete objects: one in each cache directory. */
  readonly completeDirectories: readonly string[];
  readonly maxOpenFiles: number;
  readonly maxReadBytes: number;
  readonly maxConnections: number;
  readonly connections: SharedArrayBuffer;
  /** Of this thread among those that share the connections. */
  readonly user: number;
  readonly frameTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly maxRequests: number;
}
