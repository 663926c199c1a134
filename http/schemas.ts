/** What the answers are: the types of the SDK as JSON. A field that is added there and not here does not compile. */
import type { DatasetSettings } from '../common/index.ts';
import type { StagedDataset, StagedJob } from '../master/index.ts';
import type {
  AuditReport,
  BuildResult,
  Changes,
  DatasetSummary,
  NodeScores,
  PreloadEstimate,
  PreloadInfo,
  PreloadProgress,
  StartedPreload,
  VersionInfo,
} from '../sdk/index.ts';
import type { ErrorBody } from './errors.ts';
import {
  described,
  flag,
  list,
  number,
  object,
  oneOf,
  orNull,
  text,
  time,
  whole,
} from './schema.ts';
import type { Schema } from './schema.ts';

export const error = object<ErrorBody>({
  code: described(text, 'Permanent: docs/ERRORS.md has all of them.'),
  message: text,
  details: { type: 'object', additionalProperties: true },
  hint: text,
});

const settings = object<DatasetSettings>({
  blockSizeBytes: whole,
  endpoint: text,
  region: text,
  pathStyle: oneOf('auto', 'true', 'false'),
  credentials: described(text, 'A reference, never a secret.'),
  replicas: { anyOf: [whole, { const: 'all' }] },
  quotaBytes: whole,
  policy: text,
  originBandwidthBytes: whole,
});

export const version = object<VersionInfo>({
  number: whole,
  createdAt: time,
  files: whole,
  bytes: whole,
  blocks: whole,
  skipped: whole,
  skippedReasons: { type: 'object', additionalProperties: whole },
  strongValidators: whole,
  weakValidators: whole,
  leases: whole,
});

export const dataset = object<DatasetSummary>({
  id: whole,
  name: text,
  origin: text,
  settings,
  createdAt: time,
  latest: version,
});

export const built = object<BuildResult>({
  dataset,
  version,
  changes: object<Changes>({ added: whole, removed: whole, changed: whole, unchanged: whole }),
  newVersion: described(flag, 'False where a refresh found nothing new.'),
});

type Failure = PreloadProgress['failures'][number];
const preloadState = oneOf('pending', 'running', 'complete', 'partial', 'cancelled', 'failed');

const progressFields = {
  id: whole,
  state: preloadState,
  targetBlocks: whole,
  heldBlocks: whole,
  targetBytes: whole,
  heldBytes: whole,
  targetFiles: whole,
  heldFiles: whole,
  failedFiles: whole,
  countsCopies: described(flag, 'Blocks, bytes and files are counted once for each copy.'),
  verifiedBytes: whole,
  damagedFiles: whole,
  leftOutFiles: whole,
  bytesPerSecond: number,
  restMs: orNull(number),
  failures: list(object<Failure>({ path: text, code: text, message: text })),
};

export const progress = object<PreloadProgress>(progressFields);

export const preload = object<PreloadInfo>({
  ...progressFields,
  dataset: described(text, 'Empty: it is gone.'),
  version: whole,
  startedAt: time,
  endedAt: orNull(time),
  keptUntil: orNull({ anyOf: [time, { const: 'released' }] }),
  priority: { type: 'integer' },
  detached: flag,
});

export const started = object<StartedPreload>({
  id: whole,
  joined: described(flag, 'An equal one was running: this is its id.'),
});

export const estimate = object<PreloadEstimate>({
  targetFiles: whole,
  targetBytes: whole,
  missingFiles: whole,
  missingBytes: whole,
  requests: whole,
  bytesPerSecond: orNull(number),
  rateFrom: orNull(oneOf('bandwidth', 'origin-budget', 'last-preload')),
  ms: orNull(number),
  leftOutFiles: whole,
  freeBytes: whole,
  notFound: list(text),
});

type AuditedWorker = AuditReport['workers'][number];
type Difference = AuditReport['differences'][number];
/** Bytes are shown as text, and given as base64 where they are none. */
export type ShownDifference = Omit<Difference, 'path'> & { path: string; pathBase64?: string };

export const audit = object<AuditReport>({
  dataset: text,
  version: whole,
  equal: flag,
  workers: list(
    object<AuditedWorker>({
      workerId: text,
      node: text,
      failure: orNull(text),
      objects: whole,
      checkedBytes: whole,
      heldBlocks: whole,
    }),
  ),
  counts: list(
    object<AuditReport['counts'][number]>({ kind: text, workerId: orNull(text), count: whole }),
  ),
  differences: list(
    object<ShownDifference>(
      {
        kind: text,
        workerId: orNull(text),
        path: text,
        pathBase64: text,
        objectId: orNull(text),
        firstBlock: whole,
        blocks: whole,
        detail: text,
      },
      ['pathBase64'],
    ),
  ),
  blocks: object<AuditReport['blocks']>({ all: whole, held: whole, heldTwice: whole }),
  guestBlocks: orNull(whole),
});

export const scores = object<NodeScores>({
  dataset: text,
  version: whole,
  bytes: whole,
  nodes: list(
    object<NodeScores['nodes'][number]>({
      node: text,
      usable: flag,
      score: { type: 'integer', minimum: 0, maximum: 100 },
      heldBytes: whole,
      freeBytes: whole,
    }),
  ),
});

const stageState = oneOf('running', 'complete', 'partial', 'failed');

export const staged = object<StagedJob>({
  job: text,
  state: stageState,
  datasets: list(
    object<StagedDataset>({
      dataset: text,
      version: whole,
      preload: whole,
      state: stageState,
      heldBytes: whole,
      targetBytes: whole,
    }),
  ),
});

/** A route's answers: its own, and errors. */
export function answers(status: number, schema: Schema): Record<string, Schema> {
  return { [String(status)]: schema, '4xx': error, '5xx': error };
}
