/**
 * The worker's side of the cluster: stays joined, whatever the master does.
 *
 * Always true: there is at most one Join stream at a time; when it ends, another is tried with back-off;
 * the last placement is kept while the master is away, so reads go on.
 */
import { randomUUID } from 'node:crypto';
import { LarderError, Placement, asLarderError } from '../../common/index.ts';
import type { Placement__Output } from '../../proto/generated/larder/v1/Placement.ts';
import { memberFromWire } from '../../rpc/grpc/index.ts';
import { JoinStream } from './join-stream.ts';
import type { ClusterMembership, MembershipOptions } from './types.ts';

/** Starts to join and returns at once. Disposing leaves the stream; membership ends with its lease. */
export function joinCluster(options: MembershipOptions): ClusterMembership {
  return new Membership(options);
}

class Membership implements ClusterMembership {
  readonly #options: MembershipOptions;
  readonly #incarnation = randomUUID();
  readonly #stop = new AbortController();
  readonly #known = new Set<number>();
  readonly #listeners = new Set<(placement: Placement) => void>();
  readonly #running: Promise<void>;
  #placement = Placement.empty;
  #stream: JoinStream | undefined;
  /** The stream was ended to say hello anew. */
  #announcing = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get placement(): Placement {
    return this.#placement;
  }

  get connected(): boolean {
    return this.#stream?.welcomed ?? false;
  }

  onPlacement(listener: (placement: Placement) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(): void {
    if (this.#stream === undefined) return;
    this.#announcing = true;
    this.#stream.end();
  }

  async joined(signal?: AbortSignal): Promise<void> {
    if (this.#isMember()) return;
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        unsubscribe();
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        leave();
        reject(asLarderError(signal?.reason));
      };
      const unsubscribe = this.onPlacement(() => {
        if (!this.#isMember()) return;
        leave();
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new LarderError('CANCELLED', { what: 'the worker is stopping' }));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log, random, minBackoffMs = 100, maxBackoffMs = 1000 } = this.#options;
    const { signal } = this.#stop;
    for (let backoffMs = minBackoffMs; !this.#isStopped();) {
      const stream = new JoinStream({
        membership: this.#options,
        reportMs: this.#options.reportMs ?? 100,
        incarnation: this.#incarnation,
        known: this.#known,
        signal,
        onPlacement: (placement) => this.#place(placement),
      });
      this.#stream = stream;
      const error: unknown = await stream.run().catch((reason: unknown) => reason);
      this.#stream = undefined;
      if (this.#isStopped()) return;
      if (this.#announcing) {
        this.#announcing = false;
        continue;
      }
      backoffMs = stream.welcomed ? minBackoffMs : Math.min(maxBackoffMs, backoffMs * 2);
      log.warn({ err: error, backoffMs }, 'not joined; trying again');
      // Half to all of it, so that a cluster does not come back in step.
      await clock.sleep(backoffMs * (0.5 + random() / 2), signal).catch(() => undefined);
    }
  }

  #place(message: Placement__Output): Placement {
    const placement = new Placement(message.number, message.members.map(memberFromWire));
    this.#placement = placement;
    for (const listener of this.#listeners) listener(placement);
    return placement;
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #isMember(): boolean {
    const { workerId } = this.#options.member();
    return this.connected && this.#placement.everyone.some((it) => it.workerId === workerId);
  }
}
