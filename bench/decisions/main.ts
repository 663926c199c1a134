/**
 * `npm run bench -- decisions`: what a decision of admission costs in CPU time, and what it remembers of a block.
 * Without a disk: the store's look-ups are not decisions.
 */
import v8 from 'node:v8';
import vm from 'node:vm';
import { BAND_BUCKETS, bandHash } from '../../common/index.ts';
import { Admission, LookAhead } from '../../worker/admission/index.ts';
import { SortedCache } from './sorted-cache.ts';

const OBJECTS = 1_000_000;
const OBJECT_BYTES = 4 * 1024 * 1024;
const EPOCHS = 2;
const MOST_MICROSECONDS = 2;
const MOST_BYTES = 16;
/** Of each job and epoch that is known. */
const MOST_PLAN_BYTES = 4;

interface Row {
  readonly what: string;
  readonly microseconds: number;
  readonly hitPercent: number;
  readonly bytesPerBlock: number;
  readonly mostBytes: number;
}

const rows = [band(1), band(5_000), plans()];
console.log('| decisions | µs a decision (at most 2) | bytes a block (at most) | hits |');
console.log('| --- | --- | --- | --- |');
for (const { what, microseconds, hitPercent, bytesPerBlock, mostBytes } of rows) {
  const memory = `${bytesPerBlock.toFixed(1)} (${String(mostBytes)})`;
  console.log(`| ${what} | ${microseconds.toFixed(2)} | ${memory} | ${hitPercent.toFixed(1)} % |`);
}
const isWithin = ({ microseconds, bytesPerBlock, mostBytes }: Row) =>
  microseconds <= MOST_MICROSECONDS && bytesPerBlock <= mostBytes;
if (!rows.every(isWithin)) process.exitCode = 1;

/** A new order each epoch, and a kept region of half of it. */
function band(datasets: number): Row {
  const objectsPerDataset = OBJECTS / datasets;
  const before = memoryBytes();
  const admission = makeAdmission(datasets);
  const memory = memoryBytes() - before;
  const cache = makeCache(admission, datasets);
  const order = shuffled(OBJECTS, 1);
  const { seconds } = measured(() => {
    for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
      shuffle(order, epoch + 2);
      for (const object of order) {
        cache.read(Math.floor(object / objectsPerDataset), object % objectsPerDataset);
      }
    }
  });
  const what = `${String(datasets)} datasets, hash band`;
  return row(what, { cache, seconds, memory, mostBytes: MOST_BYTES });
}

/** Two jobs with orders of their own, known for this epoch and the next. */
function plans(): Row {
  const admission = makeAdmission(1);
  const cache = makeCache(admission, 1);
  const orders = [0, 1].map((job) =>
    Array.from({ length: EPOCHS }, (_, epoch) => shuffled(OBJECTS, 10 * job + epoch)),
  );
  const firstBlock = Uint32Array.from({ length: OBJECTS }, (_, i) => i);
  const before = memoryBytes();
  const plan = new LookAhead();
  for (const [job, epochs] of orders.entries()) {
    epochs.forEach((order, epoch) => {
      plan.addEpoch(String(job), epoch, order, { startsAt: epoch * OBJECTS, perObject: 1 });
    });
  }
  admission.setLookAhead(0, { plan, firstBlock, band: cache.band(0) }, []);
  const memory = memoryBytes() - before;
  const { seconds } = measured(() => {
    for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
      for (let i = 0; i < OBJECTS; i += 1) {
        for (const [job, epochs] of orders.entries()) {
          cache.read(0, epochs[epoch]?.[i] ?? 0);
          if (i % 64 === 0) plan.advance(String(job), epoch, i);
        }
      }
    }
  });
  const mostBytes = MOST_BYTES + MOST_PLAN_BYTES * orders.length * EPOCHS;
  return row('2 jobs, next use', { cache, seconds, memory, mostBytes });
}

function makeAdmission(datasets: number): Admission {
  const admission = new Admission({
    capacityBytes: (OBJECTS * OBJECT_BYTES) / 2,
    capacityObjects: Infinity,
    keptShare: 1,
  });
  const buckets = datasets === 1 ? BAND_BUCKETS : 16;
  for (let datasetId = 0; datasetId < datasets; datasetId += 1) {
    const bytes = (OBJECTS * OBJECT_BYTES) / datasets / buckets;
    admission.setExpected(datasetId, {
      bandBytes: new Float64Array(buckets).fill(bytes),
      share: 1,
    });
  }
  return admission;
}

function makeCache(admission: Admission, datasets: number): SortedCache {
  const key = Buffer.alloc(8);
  return new SortedCache({
    ...{ admission, datasets },
    objectsPerDataset: OBJECTS / datasets,
    objectBytes: OBJECT_BYTES,
    bandOf: (datasetId, object) => {
      key.writeUInt32LE(datasetId, 0);
      key.writeUInt32LE(object, 4);
      return bandHash(key);
    },
  });
}

function row(
  what: string,
  measure: {
    readonly cache: SortedCache;
    readonly seconds: number;
    readonly memory: number;
    readonly mostBytes: number;
  },
): Row {
  const { cache, seconds, memory, mostBytes } = measure;
  return {
    what,
    microseconds: (seconds * 1e6) / cache.decisions,
    hitPercent: (cache.hits / cache.decisions) * 100,
    bytesPerBlock: memory / OBJECTS,
    mostBytes,
  };
}

/** CPU time: of the machine others have a part. */
function measured(doing: () => void): { readonly seconds: number } {
  const before = process.cpuUsage();
  doing();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6 };
}

function memoryBytes(): number {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function shuffled(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  shuffle(order, seed);
  return order;
}

function shuffle(order: Uint32Array, seed: number): void {
  let state = seed;
  for (let i = order.length - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
}
