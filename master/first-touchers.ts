/**
 * For which datasets objects are kept where they are read first: for those that somebody has called `partitioned`, as
 * long as what comes again comes to the worker that keeps it.
 *
 * Workers count that and tell it with their heartbeats. Where under half of it does, ownership by hash is as good,
 * and objects go home; it is tried again only when the policy is set anew. Where what nodes read of their own is not
 * seen, nothing is changed: under a random order it makes no difference where objects are.
 */
import type { Logger } from '../common/index.ts';
import type { DatasetPattern__Output } from '../proto/generated/larder/v1/DatasetPattern.ts';
import type { DatasetRecord } from './records.ts';

export interface FirstTouchersOptions {
  /** Of a dataset's latest version; undefined where there is no such dataset. */
  readonly filesOf: (datasetId: number) => number | undefined;
  readonly log: Logger;
}

/** Of a dataset's files, those that must have come again before anything is concluded. */
const JUDGED_SHARE = 1 / 4;
const JUDGED_OBJECTS = 8;
const LEAST_TO_SAME = 1 / 2;
/**
 * By chance one in as many as there are workers comes to the same one again, and half of those are seen in time. Where
 * far fewer do, reads of what a node keeps are not seen (passthrough, the page cache): only those that went elsewhere.
 */
const UNSEEN_FACTOR = 8;

export class FirstTouchers {
  readonly #options: FirstTouchersOptions;
  readonly #heard = new Map<string, readonly DatasetPattern__Output[]>();
  readonly #givenUp = new Set<number>();

  constructor(options: FirstTouchersOptions) {
    this.#options = options;
  }

  isOn({ id, settings }: Pick<DatasetRecord, 'id' | 'settings'>): boolean {
    if (settings.policy === 'partitioned') return !this.#givenUp.has(id);
    this.#givenUp.delete(id);
    return false;
  }

  /** @returns whether it is given up for a dataset now, of which workers are to be told */
  heard(workerId: string, patterns: readonly DatasetPattern__Output[]): boolean {
    this.#heard.set(workerId, patterns);
    let isNews = false;
    for (const { dataset_id: datasetId, first_toucher: isOn } of patterns) {
      if (!isOn || this.#givenUp.has(datasetId) || !this.#failed(datasetId)) continue;
      this.#givenUp.add(datasetId);
      isNews = true;
    }
    return isNews;
  }

  forget(workerId: string): void {
    this.#heard.delete(workerId);
  }

  #failed(datasetId: number): boolean {
    const { filesOf, log } = this.#options;
    let [cameAgain, cameToSame] = [0, 0];
    for (const patterns of this.#heard.values()) {
      // What one counted that was not told of it yet, or has not forgotten an earlier try, is no evidence.
      const found = patterns.find((it) => it.dataset_id === datasetId && it.first_toucher);
      cameAgain += found?.came_again ?? 0;
      cameToSame += found?.came_to_same ?? 0;
    }
    const files = filesOf(datasetId) ?? Infinity;
    if (cameAgain < Math.max(JUDGED_OBJECTS, files * JUDGED_SHARE)) return false;
    if (cameToSame >= cameAgain * LEAST_TO_SAME) return false;
    if (cameToSame * this.#heard.size * UNSEEN_FACTOR < cameAgain) return false;
    log.info(
      { dataset: datasetId, cameAgain, cameToSame },
      'objects are not read again where they were read first: they go to their owners',
    );
    return true;
  }
}
