/**
 * One Join stream from hello to its end: heartbeats, reports, and the commands that came on it.
 *
 * Always true: what runs for a stream is aborted when it ends; a command that is cancelled gets no answer.
 */
import assert from 'node:assert';
import type { RoaringBitmap32 } from 'roaring-wasm';
import { LarderError, PROTOCOL_VERSION, untilAborted } from '../../common/index.ts';
import type { Placement } from '../../common/index.ts';
import type { CollectDataset__Output } from '../../proto/generated/larder/v1/CollectDataset.ts';
import type { FetchObjects__Output } from '../../proto/generated/larder/v1/FetchObjects.ts';
import type { ListOrigin__Output } from '../../proto/generated/larder/v1/ListOrigin.ts';
import type { MasterMessage__Output } from '../../proto/generated/larder/v1/MasterMessage.ts';
import type { Placement__Output } from '../../proto/generated/larder/v1/Placement.ts';
import type { ScanDataset__Output } from '../../proto/generated/larder/v1/ScanDataset.ts';
import type { VisitObjects__Output } from '../../proto/generated/larder/v1/VisitObjects.ts';
import type { WorkerMessage } from '../../proto/generated/larder/v1/WorkerMessage.ts';
import { parseBitmap } from '../../rpc/bitmaps/index.ts';
import { memberToWire, settingsFromWire, toFailure } from '../../rpc/grpc/index.ts';
import { sendFetchResults } from './fetch-results.ts';
import { HeldReporter } from './held-reporter.ts';
import { listingMessages } from './listing-push.ts';
import { tellPlan } from './tell-plan.ts';
import { sendScan } from './send-scan.ts';
import { sendVisits } from './send-visits.ts';
import { tellProtection, tellReplicas, tellShares } from './tell-settings.ts';
import type { HeldPrediction, MembershipOptions, ReadPattern } from './types.ts';

export interface JoinStreamOptions {
  readonly membership: MembershipOptions;
  readonly reportMs: number;
  readonly incarnation: string;
  readonly known: Set<number>;
  /** Ends the stream. */
  readonly signal: AbortSignal;
  /** Returns it as it is known from now on. */
  onPlacement(placement: Placement__Output): Placement;
}

/** The master has this long to answer hello. */
const WELCOME_MS = 10_000;

export class JoinStream {
  readonly #options: JoinStreamOptions;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #commands = new Map<number, AbortController>();
  readonly #tasks = new Set<Promise<void>>();
  #send: (message: WorkerMessage) => Promise<void> = async () => undefined;
  #reporter: HeldReporter | undefined;
  #reported = false;
  /** As told on this stream. */
  #placement: Placement | undefined;
  /** Resolves with the first placement. */
  readonly #placed: Promise<void>;
  #onPlaced: () => void = () => undefined;
  #collecting: Promise<void> = Promise.resolve();

  constructor(options: JoinStreamOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#ended.signal]);
    this.#placed = new Promise((resolve) => {
      this.#onPlaced = resolve;
    });
  }

  /** Whether the master accepted this worker. */
  get welcomed(): boolean {
    return this.#reporter !== undefined;
  }

  /** Runs until the stream ends; always rejects or is told to end. */
  async run(): Promise<void> {
    const { membership, incarnation } = this.#options;
    const stream = membership.master.cluster.join({ signal: this.#signal });
    this.#send = (message) => stream.send(message);
    try {
      this.#expectWelcome();
      await stream.send({
        hello: {
          member: memberToWire(membership.member()),
          version: membership.softwareVersion,
          protocol: PROTOCOL_VERSION,
          incarnation,
        },
      });
      for await (const message of stream.messages) this.#receive(message);
    } finally {
      this.#ended.abort(new LarderError('CANCELLED', { what: 'the stream to the master ended' }));
      this.#reporter?.[Symbol.dispose]();
      await Promise.all(this.#tasks);
    }
  }

  end(): void {
    this.#ended.abort(new LarderError('CANCELLED', { what: 'the worker says hello anew' }));
  }

  #expectWelcome(): void {
    void this.#background(async () => {
      await this.#options.membership.clock.sleep(WELCOME_MS, this.#signal);
      if (!this.welcomed) {
        this.#ended.abort(new LarderError('DEADLINE_EXCEEDED', { what: 'no answer to hello' }));
      }
    });
  }

  #receive(message: MasterMessage__Output): void {
    const { membership } = this.#options;
    if (message.welcome) this.#begin(message.welcome.heartbeat_ms);
    else if (message.placement) this.#place(message.placement);
    else if (message.replicas) tellReplicas(membership, message.replicas);
    else if (message.origin_shares) tellShares(membership, message.origin_shares);
    else if (message.job_plan) tellPlan(membership, message.job_plan);
    else if (message.live_plans) membership.onLivePlans?.(new Set(message.live_plans.plan_ids));
    else if (message.protect) tellProtection(membership, message.protect);
    else if (message.protections) {
      this.#options.membership.onProtections?.(new Set(message.protections.names));
    } else if (message.list_origin) this.#list(message.list_origin);
    else if (message.fetch_objects) this.#fetch(message.fetch_objects);
    else if (message.collect) this.#collect(message.collect);
    else if (message.probe) this.#probe(message.probe.command);
    else if (message.scan) this.#scan(message.scan);
    else if (message.visit) this.#visit(message.visit);
    else if (message.report_plain) this.#reportPlain(message.report_plain.dataset_id);
    else if (message.cancel) this.#cancel(message.cancel.command);
  }

  #begin(heartbeatMs: number): void {
    if (this.welcomed) return;
    const { membership, reportMs, known } = this.#options;
    const { clock, held } = membership;
    const reporter = new HeldReporter({
      held,
      clock,
      reportMs,
      known,
      signal: this.#signal,
      predict: (datasetId, blocks) => this.#predict(datasetId, blocks),
      send: (report) => this.#send({ held: report }),
    });
    this.#reporter = reporter;
    void this.#background(async () => {
      await reporter.reported;
      this.#reported = true;
      await this.#beat();
    });
    void this.#background(async () => {
      for (;;) {
        await this.#beat();
        await clock.sleep(heartbeatMs, this.#signal);
      }
    });
  }

  #place(message: Placement__Output): void {
    this.#placement = this.#options.onPlacement(message);
    this.#onPlaced();
  }

  /** With the placement that the master told last: it comes right after the welcome. */
  async #predict(datasetId: number, held: RoaringBitmap32): Promise<HeldPrediction | undefined> {
    const { predict, log } = this.#options.membership;
    if (predict === undefined) return undefined;
    await untilAborted(this.#placed, this.#signal);
    const placement = this.#placement;
    if (placement === undefined) return undefined;
    try {
      return await predict({ datasetId, held, placement });
    } catch (error) {
      log.info({ err: error, datasetId }, 'nothing is predicted: all is reported');
      return undefined;
    }
  }

  #reportPlain(datasetId: number): void {
    void this.#background(async () => {
      await this.#reporter?.sendPlain(datasetId);
      await this.#beat();
    });
  }

  #beat(): Promise<void> {
    const heartbeat = heartbeatOf(this.#options.membership);
    return this.#send({ heartbeat: { ...heartbeat, held_reported: this.#reported } });
  }

  /** What the master is told is what is true when it asks. */
  #probe(command: number): void {
    void this.#run(command, async () => {
      await this.#reporter?.flush();
      await this.#beat();
    });
  }

  #list(request: ListOrigin__Output): void {
    const { handlers, master } = this.#options.membership;
    void this.#run(request.command, async (signal) => {
      const settings = settingsFromWire(request.settings);
      const batches = handlers.listOrigin({ origin: request.origin, settings }, signal);
      await master.cluster.pushListing(listingMessages(request.command, batches), { signal });
    });
  }

  #fetch(request: FetchObjects__Output): void {
    const { handlers, clock } = this.#options.membership;
    void this.#run(request.command, async (signal) => {
      const { command, dataset_id: datasetId, version, ordinals, stripes } = request;
      await sendFetchResults({
        command,
        results: handlers.fetchObjects({ datasetId, version, ordinals, stripes }, signal),
        clock,
        reportMs: this.#options.reportMs,
        signal,
        flushHeld: () => this.#flushHeld(),
        send: (objects) => this.#send({ objects }),
      });
    });
  }

  #scan({ command, dataset_id: datasetId, checksums }: ScanDataset__Output): void {
    const { handlers, held } = this.#options.membership;
    void this.#run(command, async (signal) => {
      await sendScan({
        command,
        datasetId,
        checksums,
        held,
        handlers,
        signal,
        flushHeld: () => this.#flushHeld(),
        send: (audit) => this.#send({ audit }),
      });
    });
  }

  #visit(message: VisitObjects__Output): void {
    const { handlers, clock } = this.#options.membership;
    void this.#run(message.command, async (signal) => {
      await sendVisits({
        ...{ message, handlers, clock, signal },
        reportMs: this.#options.reportMs,
        flushHeld: () => this.#flushHeld(),
        send: (visit) => this.#send({ visit }),
      });
    });
  }

  async #flushHeld(): Promise<void> {
    assert(this.#reporter !== undefined, 'commands come after the welcome');
    await this.#reporter.flush();
  }

  /** One after the other: they are work for the disk, and nobody waits for them. */
  #collect(request: CollectDataset__Output): void {
    const { handlers } = this.#options.membership;
    const before = this.#collecting;
    this.#collecting = this.#run(request.command, async (signal) => {
      await before;
      signal.throwIfAborted();
      const live = parseBitmap(request.live);
      try {
        const { dataset_id: datasetId, first_block: firstBlock, end_block: endBlock } = request;
        await handlers.collect({ datasetId, firstBlock, endBlock, live }, signal);
      } finally {
        live.dispose();
      }
    });
  }

  #cancel(command: number): void {
    this.#commands.get(command)?.abort(new LarderError('CANCELLED', { by: 'the master' }));
  }

  /** Runs a command and answers it. Never rejects. */
  #run(command: number, action: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    this.#commands.set(command, abort);
    const signal = AbortSignal.any([this.#signal, abort.signal]);
    return this.#background(async () => {
      try {
        await action(signal);
        if (!signal.aborted) await this.#send({ result: { command } });
      } catch (error) {
        if (signal.aborted) return;
        this.#options.membership.log.warn({ err: error, command }, 'a command failed');
        await this.#send({ result: { command, failure: toFailure(error) } });
      } finally {
        this.#commands.delete(command);
      }
    });
  }

  /** Something that runs beside the stream and ends with it. */
  #background(action: () => Promise<void>): Promise<void> {
    const task = action()
      .catch((error: unknown) => {
        if (!this.#signal.aborted)
          this.#options.membership.log.error({ err: error }, 'a task of the membership failed');
      })
      .finally(() => {
        this.#tasks.delete(task);
      });
    this.#tasks.add(task);
    return task;
  }
}

function heartbeatOf({ counters }: Pick<MembershipOptions, 'counters'>) {
  const all = counters();
  const { capacityBytes, usedBytes, disks = [], origin, reads, transit } = all;
  const { moves, peers, originTroubles, originDemands = [], patterns = [] } = all;
  const { decisions = [], plans = [] } = all;
  return {
    capacity_bytes: capacityBytes,
    used_bytes: usedBytes,
    disks: disks.map(
      ({ path, state, problem, capacityBytes: capacity, usedBytes: used, ...it }) => ({
        path,
        state,
        problem: problem ?? '',
        capacity_bytes: capacity,
        used_bytes: used,
        objects: it.objects,
        errors: it.errors,
        damaged: it.damaged,
        lost: it.lost,
        scrubbed_bytes: it.scrubbedBytes,
      }),
    ),
    origin: {
      gets: origin.gets,
      bytes: origin.bytes,
      unique_bytes: origin.uniqueBytes,
      requested_bytes: origin.requestedBytes,
    },
    reads: { bytes: reads.bytes, origin_bytes: reads.originBytes, peer_bytes: reads.peerBytes },
    transit: {
      memory_bytes: transit?.memoryBytes ?? 0,
      limit_bytes: transit?.limitBytes ?? 0,
      passed_bytes: transit?.passedBytes ?? 0,
      spilled_bytes: transit?.spilledBytes ?? 0,
      straight_bytes: transit?.straightBytes ?? 0,
      kept_bytes: transit?.keptBytes ?? 0,
      written_bytes: transit?.writtenBytes ?? 0,
    },
    moves: {
      pending_objects: moves.pendingObjects,
      pending_bytes: moves.pendingBytes,
      moved_bytes: moves.movedBytes,
    },
    peers: {
      bad_answers: peers.badAnswers,
      last_bad_peer: peers.lastBadPeer,
      received_bytes: peers.receivedBytes,
    },
    origin_troubles: originTroubles.map(({ datasetId, code, message }) => ({
      ...{ dataset_id: datasetId, code, message },
    })),
    origin_demands: originDemands.map(({ datasetId, bytesPerSecond, waits, refusals }) => ({
      ...{ dataset_id: datasetId, bytes_per_second: bytesPerSecond, waits, refusals },
    })),
    patterns: patterns.map(patternToWire),
    decisions: [...decisions],
    plans: plans.map(({ planId, ...plan }) => ({ plan_id: planId, ...plan })),
  };
}

function patternToWire({ datasetId, version, kind, passes, touchers, ...it }: ReadPattern) {
  return {
    ...{ dataset_id: datasetId, version, kind, passes, touchers },
    seen_objects: it.seenObjects,
    seen_share: it.seenShare,
    compared: it.correlation !== undefined,
    correlation: it.correlation ?? 0,
    came_again: it.cameAgain,
    came_to_same: it.cameToSame,
    first_toucher: it.isFirstToucher,
  };
}
