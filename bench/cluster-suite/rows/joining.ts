/** One more worker joins a cluster that is full of objects, while somebody reads. */
import { cpus } from 'node:os';
import { testFiles, TestHosts } from '../../../test/support/hosts.ts';
import type { HostClient, ReadPlan } from '../../../test/support/hosts.ts';
import { CpuMeter } from '../cpu.ts';
import { checkRight, hold, pause } from '../reading.ts';
import { atMost, told } from '../../figures.ts';
import type { ClusterRow } from '../row.ts';

const WORKERS = 4;
/** From 5,000 on chance is small against the 10 % that the target allows. */
const FILES = 10_000;
/** Of small ones: what counts is how many there are. */
const FILE_BYTES = 4_000;
const SETTLED_MS = 3_000;
const GIVE_UP_MS = 120_000;

export const joining: ClusterRow = {
  name: 'joining',
  title: `a worker joins ${WORKERS} others that hold ${FILES} objects`,
  measure: async ({ say }) => {
    const newcomer = `w${WORKERS + 1}`;
    await using hosts = await TestHosts.start({ workers: WORKERS, others: [newcomer, 'reader'] });
    const files = testFiles(FILES, FILE_BYTES);
    await hosts.dataset('d', files);
    await hold(hosts, 'd');
    const before = (await hosts.served()).bytes;
    const reader = await hosts.client('reader');
    const plan = { dataset: 'd', files: files.slice(0, 1_000), readers: 8 };
    checkRight([await reader.read(plan)]);
    const undisturbed = await rate(reader, plan, () => Promise.resolve(false));
    await hosts.startWorker(newcomer);
    const since = performance.now();
    const meter = new CpuMeter(hosts, [reader.process]);
    const moves = new Moves(hosts, newcomer);
    const disturbed = await rate(reader, plan, () => moves.goOn());
    const bound = meter.bound(disturbed.bytes, cpus().length);
    say(`  moved in ${((performance.now() - since) / 1_000).toFixed(0)} s`);
    const used = (await hosts.status()).workers.map(({ usedBytes }) => usedBytes);
    const mean = used.reduce((sum, bytes) => sum + bytes, 0) / used.length;
    const originBytes = (await hosts.served()).bytes - before;
    const skew = atMost('max / mean of what workers hold', 1.1, Math.max(...used) / mean);
    const lossPercent = 100 * (1 - disturbed.perSecond / undisturbed.perSecond);
    return [
      skew,
      atMost('bytes from the origin for it', 0, originBytes, ' B'),
      { ...atMost('loss of foreground reads', 20, lossPercent, ' %'), bound },
      told('files/s, undisturbed', undisturbed.perSecond.toFixed(0)),
    ];
  },
};

/** Files per second of epochs, one after the other, while `goesOn` is true; of three at least. */
async function rate(
  reader: HostClient,
  plan: ReadPlan,
  goesOn: () => Promise<boolean>,
): Promise<{ perSecond: number; bytes: number }> {
  let [elapsedMs, epochs, bytes] = [0, 0, 0];
  while (epochs < 3 || (await goesOn())) {
    const report = await reader.read(plan);
    checkRight([report]);
    elapsedMs += report.elapsedMs;
    epochs += 1;
    bytes += report.bytes;
  }
  return { perSecond: (plan.files.length * epochs * 1_000) / elapsedMs, bytes };
}

/** Whether what workers hold still changes after somebody joined. */
class Moves {
  readonly #hosts: TestHosts;
  readonly #newcomer: string;
  readonly #begunMs = performance.now();
  #changedMs = performance.now();
  #used = '';

  constructor(hosts: TestHosts, newcomer: string) {
    this.#hosts = hosts;
    this.#newcomer = newcomer;
  }

  /** Until it has been the same for a while, and the newcomer has something. */
  async goOn(): Promise<boolean> {
    await pause(100);
    const now = performance.now();
    if (now - this.#begunMs > GIVE_UP_MS) return false;
    const { workers } = await this.#hosts.status();
    const used = workers.map(({ node, usedBytes }) => `${node} ${usedBytes}`).join();
    if (used !== this.#used) this.#changedMs = now;
    this.#used = used;
    const own = workers.find(({ node }) => node === this.#newcomer)?.usedBytes ?? 0;
    return own === 0 || now - this.#changedMs < SETTLED_MS;
  }
}
