/**
 * Applies what workers report to what is known of them.
 *
 * Always true: nothing is applied to a wrong base. A full report whose prediction this master does not have is put
 * aside, a plain one is asked for, and deltas are not applied before that has come. What a worker may not hold
 * (numbers that were never given out, datasets that never were) is refused, and said once in a while.
 */
import { SparseWarning } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import type { HeldReport__Output } from '../proto/generated/larder/v1/HeldReport.ts';
import type { HeldBlocks } from './held.ts';
import type { Predictions } from './predictions.ts';
import type { WorkerSession } from './worker-session.ts';

export interface ReportsOptions {
  readonly held: HeldBlocks;
  readonly predictions: Predictions;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Reports {
  readonly #options: ReportsOptions;
  readonly #refused: SparseWarning;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#refused = new SparseWarning(options.clock, options.log);
  }

  /**
   * Messages of the worker that come later are to wait for the result.
   *
   * @throws {LarderError} `INVALID_ARGUMENT` where a bitmap is not one
   */
  apply(session: WorkerSession, report: HeldReport__Output): void | Promise<void> {
    if (report.full && !report.more && report.predicted !== null) {
      return this.#applyPredicted(session, report, report.predicted);
    }
    this.#put(session, report);
  }

  async #applyPredicted(
    session: WorkerSession,
    report: HeldReport__Output,
    predicted: NonNullable<HeldReport__Output['predicted']>,
  ): Promise<void> {
    const { held, predictions } = this.#options;
    const { workerId } = session;
    const { dataset_id: datasetId } = report;
    const base = await predictions.predict(workerId, datasetId, predicted);
    if (session.closed.aborted) {
      base?.dispose();
      return;
    }
    if (base === undefined) {
      held.await(workerId, datasetId);
      const { version, placement } = predicted;
      const facts = { worker: workerId, datasetId, version, placement };
      this.#options.log.info(facts, 'a plain report is asked for');
      void session.send({ report_plain: { dataset_id: datasetId } });
      return;
    }
    try {
      this.#put(session, report, base);
      const facts = { worker: workerId, datasetId, blocks: predicted.blocks };
      this.#options.log.debug(facts, 'a predicted report was applied');
    } finally {
      base.dispose();
    }
  }

  #put(
    { workerId }: WorkerSession,
    report: HeldReport__Output,
    base?: Awaited<ReturnType<Predictions['predict']>>,
  ): void {
    const refused = this.#options.held.apply(workerId, {
      datasetId: report.dataset_id,
      full: report.full,
      more: report.more,
      added: report.added,
      removed: report.removed,
      heldBytes: report.held_bytes,
      base,
    });
    if (refused === 0) return;
    const facts = { worker: workerId, datasetId: report.dataset_id, refused };
    this.#refused.say(facts, 'a worker reports blocks that its dataset does not have');
  }
}
