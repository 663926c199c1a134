/**
 * A plan: the order in which a job will read, as people and programs say it, in JSON.
 *
 *     {"dataset": "imagenet", "version": 3, "job": "resnet", "sampler": "torch-distributed", "seed": 0, "epochs": 90,
 *      "world": 64, "files": {"rule": "image-folder", "root": "train"}}
 *
 * Always true: what `parsePlan` gives is whole and within bounds; what it refuses it refuses by the name of the
 * field that is wrong.
 */
import { LarderError } from '../errors.ts';
import { checkDatasetName } from '../dataset.ts';
import { MAX_PLAN_BYTES, MAX_PLAN_FILES } from '../limits.ts';
import { IMAGE_EXTENSIONS, SAMPLER_NAMES } from '../samplers/index.ts';
import type { SamplerSettings } from '../samplers/index.ts';

/** Which file each index of the sampler is. */
export type PlannedFiles =
  /** As torchvision's `ImageFolder`, or all files in the order of their paths (shards). */
  | {
      readonly rule: 'image-folder' | 'sorted';
      readonly root: string;
      /** In lower case; none: every file. */
      readonly extensions: readonly string[];
    }
  | { readonly rule: 'list'; readonly paths: readonly string[] };

export interface Plan extends SamplerSettings {
  readonly dataset: string;
  /** 0: the latest. */
  readonly version: number;
  /** Names the job: a second plan of the same name takes the place of the first. */
  readonly job: string;
  readonly epochs: number;
  readonly firstEpoch: number;
  readonly files: PlannedFiles;
  /** It ends by itself after so long. */
  readonly keepSeconds: number;
}

/** What a program has to say: the rest has defaults. */
export type PlanRequest = Pick<Plan, 'sampler'> &
  Partial<Omit<Plan, 'dataset' | 'version' | 'files'>> & {
    readonly files?:
      | {
          readonly rule: 'image-folder' | 'sorted';
          readonly root?: string;
          readonly extensions?: readonly string[];
        }
      | { readonly rule: 'list'; readonly paths: readonly string[] };
  };

const FIELDS = new Set([
  ...['dataset', 'version', 'job', 'sampler', 'seed', 'epochs', 'firstEpoch', 'world'],
  ...['shuffle', 'dropLast', 'order', 'files', 'keepSeconds'],
]);
const FILE_FIELDS = new Set(['rule', 'root', 'extensions', 'paths']);
const MAX_WORLD = 1_000_000;
const MAX_EPOCHS = 1_000_000;
const MAX_NAME = 200;
const DAY_SECONDS = 24 * 60 * 60;

/** @throws {LarderError} `INVALID_ARGUMENT` with `at`, the field that is wrong */
export function parsePlan(text: string): Plan {
  if (Buffer.byteLength(text) > MAX_PLAN_BYTES) {
    throw wrong('plan', `at most ${String(MAX_PLAN_BYTES)} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong('plan', `JSON (${(error as Error).message.slice(0, 100)})`);
  }
  const fields = new Fields(value, '', FIELDS);
  const sampler = fields.choice('sampler', SAMPLER_NAMES);
  const order = fields.indices('order');
  if ((sampler === 'list') !== (order !== undefined)) {
    throw wrong('order', 'indices with the sampler list, and with no other');
  }
  const dataset = fields.text('dataset');
  checkDatasetName(dataset);
  const version = fields.whole('version', { most: 2 ** 32 - 1, fallback: 0 });
  return {
    ...{ dataset, version, sampler },
    job: fields.text('job', `${dataset}-${sampler}`),
    seed: fields.whole('seed', { most: Number.MAX_SAFE_INTEGER - MAX_EPOCHS, fallback: 0 }),
    epochs: fields.whole('epochs', { least: 1, most: MAX_EPOCHS, fallback: 1 }),
    firstEpoch: fields.whole('firstEpoch', { most: MAX_EPOCHS, fallback: 0 }),
    world: fields.whole('world', { least: 1, most: MAX_WORLD, fallback: 1 }),
    shuffle: fields.flag('shuffle', true),
    dropLast: fields.flag('dropLast', false),
    ...(order === undefined ? {} : { order }),
    files: filesOf(fields.child('files'), sampler === 'webdataset' ? ['.tar'] : []),
    keepSeconds: fields.whole('keepSeconds', {
      least: 1,
      most: 366 * DAY_SECONDS,
      fallback: DAY_SECONDS,
    }),
  };
}

function filesOf(value: unknown, extensions: readonly string[]): PlannedFiles {
  if (value === undefined) return { rule: 'sorted', root: '', extensions };
  const fields = new Fields(value, 'files', FILE_FIELDS);
  const rule = fields.choice('rule', ['image-folder', 'sorted', 'list'] as const);
  const paths = fields.texts('paths', true);
  if ((rule === 'list') !== (paths !== undefined)) {
    throw wrong('files.paths', 'paths with the rule list, and with no other');
  }
  if (paths !== undefined) return { rule: 'list', paths };
  const known = rule === 'image-folder' ? IMAGE_EXTENSIONS : extensions;
  const named = fields.texts('extensions')?.map((it) => it.toLowerCase());
  const root = fields.text('root', '').replace(/^\/+|\/+$/g, '');
  return { rule: rule === 'list' ? 'sorted' : rule, root, extensions: named ?? known };
}

interface Bounds {
  readonly least?: number;
  readonly most: number;
  readonly fallback: number;
}

/** The fields of one JSON object, each taken once and checked. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  constructor(value: unknown, at: string, known: ReadonlySet<string>) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw wrong(at === '' ? 'plan' : at, 'a JSON object');
    }
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#prefix = at === '' ? '' : `${at}.`;
    for (const name of Object.keys(value)) {
      if (!known.has(name)) {
        throw wrong(`${this.#prefix}${name.slice(0, 50)}`, `one of ${[...known].join(' ')}`);
      }
    }
  }

  child(name: string): unknown {
    return this.#values[name];
  }

  text(name: string, fallback?: string): string {
    const value = this.#values[name] ?? fallback;
    if (typeof value === 'string' && value.length <= MAX_NAME) {
      if (value !== '' || fallback === '') return value;
    }
    throw wrong(`${this.#prefix}${name}`, `a text of 1 to ${String(MAX_NAME)} characters`);
  }

  whole(name: string, { least = 0, most, fallback }: Bounds): number {
    const value = this.#values[name] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    throw wrong(
      `${this.#prefix}${name}`,
      `a whole number from ${String(least)} to ${String(most)}`,
    );
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#values[name] ?? fallback;
    if (typeof value === 'boolean') return value;
    throw wrong(`${this.#prefix}${name}`, 'true or false');
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.#values[name];
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw wrong(`${this.#prefix}${name}`, `one of ${choices.join(' ')}`);
  }

  texts(name: string, arePaths = false): readonly string[] | undefined {
    const isText = (it: unknown): it is string => typeof it === 'string' && it !== '';
    return this.#list(name, isText, arePaths ? 'a path' : 'a text such as .jpg');
  }

  indices(name: string): readonly number[] | undefined {
    const isIndex = (it: unknown): it is number => Number.isInteger(it) && Number(it) >= 0;
    return this.#list(name, isIndex, 'an index: 0, 1, …');
  }

  #list<T>(name: string, is: (it: unknown) => it is T, what: string): readonly T[] | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    const at = `${this.#prefix}${name}`;
    if (!Array.isArray(value) || value.length === 0 || value.length > MAX_PLAN_FILES) {
      throw wrong(at, `a list of 1 to ${String(MAX_PLAN_FILES)}`);
    }
    return value.map((item: unknown, i) => {
      if (is(item)) return item;
      throw wrong(`${at}[${String(i)}]`, what);
    });
  }
}

function wrong(at: string, expected: string): LarderError {
  return new LarderError('INVALID_ARGUMENT', { what: 'a plan', at, expected });
}
