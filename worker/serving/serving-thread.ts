/**
 * One serving thread: listens on the worker's port, beside others, and answers what it can without the main
 * thread; see `ThreadHandler`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { asLarderError, forwardingLogger, systemClock } from '../../common/index.ts';
import { ConnectionSlots, DataServer } from '../../rpc/data/index.ts';
import { RecordReader, recordsPathOf } from '../store/record-reader.ts';
import { CompleteObjects } from './complete-objects.ts';
import { ManyReads } from './many-reads.ts';
import { ManifestViews } from './manifest-views.ts';
import type { ThreadOptions, ToMain, ToThread } from './messages.ts';
import { RelayClient } from './relay-client.ts';
import { ServedReads } from './served-reads.ts';
import { ThreadHandler } from './thread-handler.ts';

const options = workerData as ThreadOptions;
const { host, port } = options;
let { placement } = options;

function post(message: ToMain): void {
  parentPort?.postMessage(message);
}

let places = options.completeDirectories.map(placeAt);
const objects = new CompleteObjects({ ...options, places });
const views = new ManifestViews((datasetId, version) => {
  post({ kind: 'describe', datasetId, version });
});
const served = new ServedReads(systemClock, (reads) => {
  post({ kind: 'served', reads });
});
const relay = new RelayClient(post);
const reads = new ThreadHandler({
  ...{ workerId: options.workerId, views, objects, relay, served },
  placement: () => placement,
  onDoubt: (body) => {
    post({ kind: 'doubt', body });
  },
});
const handler = new ManyReads(reads, (file) => Promise.resolve(views.find(file)?.sizeBytes));
const server = new DataServer({
  ...options,
  handler,
  clock: systemClock,
  // Lines of the log are the main thread's to write.
  log: forwardingLogger((line) => {
    post({ kind: 'log', line });
  }),
  connectionSlots: new ConnectionSlots(options.maxConnections, {
    user: options.user,
    shared: options.connections,
  }),
});

parentPort?.on('message', (message: ToThread) => {
  receive(message);
});
try {
  const address = await server.listen({ kind: 'tcp', host, port }, { reusePort: true });
  post({ kind: 'listening', address });
} catch (error) {
  const { code, facts } = asLarderError(error);
  post({ kind: 'failed', error: { code, facts } });
}

function receive(message: ToThread): void {
  switch (message.kind) {
    case 'frames':
    case 'ended':
      relay.receive(message);
      return;
    case 'described':
      if (message.view !== undefined) views.open(message.datasetId, message.version, message.view);
      return;
    case 'evicted':
      objects.forget(message.objectId);
      server.broadcastEvicted(message.objectId);
      return;
    case 'disks':
      void moveTo(message.completeDirectories);
      return;
    case 'placed':
      placement = message.placement;
      return;
    case 'close':
      void close();
  }
}

function placeAt(completeDirectory: string) {
  const leaving = new AbortController();
  const records = new RecordReader(recordsPathOf(completeDirectory));
  return { completeDirectory, records, leaving, gone: leaving.signal };
}

/** One that cannot be opened is left to the main thread. */
function tryPlaceAt(completeDirectory: string) {
  try {
    return [placeAt(completeDirectory)];
  } catch {
    return [];
  }
}

async function moveTo(completeDirectories: readonly string[]): Promise<void> {
  const before = places;
  places = completeDirectories.flatMap(
    (directory) =>
      before.find((place) => place.completeDirectory === directory) ?? tryPlaceAt(directory),
  );
  objects.moveTo(places);
  const gone = before.filter((place) => !places.includes(place));
  for (const { leaving } of gone) leaving.abort();
  for (const { records } of gone) await records[Symbol.asyncDispose]();
}

async function close(): Promise<void> {
  await server[Symbol.asyncDispose]();
  served.flush();
  objects[Symbol.dispose]();
  for (const { records } of places) await records[Symbol.asyncDispose]();
  // Of this thread alone.
  process.exit(0);
}
