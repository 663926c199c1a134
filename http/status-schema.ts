/** The status of a cluster as JSON. */
import type { ClusterStatus, OriginBudget, PatternStatus, WorkerInfo } from '../sdk/index.ts';
import { described, flag, list, number, object, oneOf, orNull, text, whole } from './schema.ts';

type Disk = WorkerInfo['disks'][number];
type Trouble = WorkerInfo['originTroubles'][number];
type DatasetStatus = ClusterStatus['datasets'][number];

const disk = object<Disk>(
  {
    path: text,
    state: oneOf('good', 'missing', 'bad'),
    problem: text,
    capacityBytes: whole,
    usedBytes: whole,
    objects: whole,
    errors: whole,
    damaged: described(whole, 'Pieces of 256 KiB that did not match their checksums.'),
    lost: described(whole, 'Objects whose file was gone.'),
    scrubbedBytes: whole,
  },
  ['problem'],
);

const worker = object<WorkerInfo>({
  workerId: text,
  node: text,
  dataAddress: text,
  state: oneOf('active', 'away', 'leaving'),
  alive: flag,
  capacityBytes: whole,
  usedBytes: whole,
  disks: list(disk),
  ownedShare: number,
  usedShare: orNull(number),
  skew: orNull(number),
  moves: object<WorkerInfo['moves']>({
    pendingObjects: whole,
    pendingBytes: whole,
    movedBytes: whole,
  }),
  decisions: list(
    object<WorkerInfo['decisions'][number]>({ decision: text, reason: text, count: whole }),
  ),
  transit: object<WorkerInfo['transit']>({
    memoryBytes: whole,
    limitBytes: whole,
    passedBytes: whole,
    spilledBytes: whole,
    straightBytes: whole,
    keptBytes: whole,
    writtenBytes: whole,
  }),
  peers: object<WorkerInfo['peers']>({
    receivedBytes: whole,
    badAnswers: whole,
    lastBadPeer: text,
  }),
  originTroubles: list(object<Trouble>({ datasetId: whole, code: text, message: text })),
  lastCopyBytes: whole,
  drained: described(flag, 'It may be stopped.'),
});

const pattern = object<PatternStatus>({
  kind: oneOf('unknown', 'repeated', 'shuffled', 'partitioned'),
  version: whole,
  passes: whole,
  seenShare: number,
  orderCorrelation: orNull(number),
  sameNodeShare: orNull(number),
  nodes: whole,
});

const dataset = object<DatasetStatus>(
  {
    name: text,
    latestVersion: whole,
    files: whole,
    bytes: whole,
    heldBytes: whole,
    pinnedBytes: whole,
    originBudget: object<OriginBudget>({ budget: whole, now: whole, used: whole }),
    policy: text,
    keptBy: oneOf('owner', 'first-toucher'),
    pattern: orNull(pattern),
  },
  ['originBudget'],
);

export const status = object<ClusterStatus>({
  placement: whole,
  workers: list(worker),
  skew: orNull(number),
  datasets: list(dataset),
  origin: object<ClusterStatus['origin']>({
    gets: whole,
    bytes: whole,
    uniqueBytes: whole,
    requestedBytes: whole,
  }),
  reads: object<ClusterStatus['reads']>({ bytes: whole, originBytes: whole, peerBytes: whole }),
});
