/** `node stream-process.ts MASTER`: one stream of a file from its owner, as fast as it goes. */
import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../common/index.ts';
import { DataClient, tcpAddress } from '../../rpc/data/index.ts';
import { answerCalls } from '../../test/support/hosts/calls.ts';

export interface StreamPlan {
  readonly address: string;
  readonly objectId: string;
  readonly ordinal: number;
  readonly sizeBytes: number;
  readonly seconds: number;
}

export interface Streamed {
  readonly bytes: number;
  readonly seconds: number;
}

/** As a FUSE server asks, with its read-ahead: some under way, each as large as the kernel's reads. */
const REQUEST_BYTES = 1 << 20;
const UNDER_WAY = 8;
const signal = new AbortController().signal;

async function stream(plan: StreamPlan): Promise<Streamed> {
  const options = { clock: systemClock, client: 'bench', connectTimeoutMs: 5_000 };
  await using client = await DataClient.connect(tcpAddress(plan.address), options, signal);
  const requests = Math.floor(plan.sizeBytes / REQUEST_BYTES);
  const since = performance.now();
  const elapsed = () => (performance.now() - since) / 1_000;
  let [next, bytes] = [0, 0];
  const one = async () => {
    const memory = Buffer.allocUnsafeSlow(REQUEST_BYTES);
    while (elapsed() < plan.seconds) {
      const offsetBytes = (next++ % requests) * REQUEST_BYTES;
      const answer = await client.read(
        {
          ...{ datasetId: 1, version: 1, ordinal: plan.ordinal, placement: 0, mayFetch: true },
          ...{ offsetBytes, lengthBytes: REQUEST_BYTES, deadlineMs: 10_000 },
        },
        plan.objectId,
        { timeoutMs: 10_000, signal },
        memory,
      );
      if (answer.kind !== 'data') throw new Error(`answered by ${answer.kind}`);
      bytes += answer.bytes.length;
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, one));
  return { bytes, seconds: elapsed() };
}

/** One pass over a file of a mount; what comes first is for the compiler, and is not timed. */
function readFile({ file, warmBytes }: { file: string; warmBytes: number }): Streamed {
  const fd = fs.openSync(path.resolve(file), 'r');
  const memory = Buffer.allocUnsafeSlow(REQUEST_BYTES);
  const read = () => fs.readSync(fd, memory, 0, memory.length, null);
  for (let warm = 0; warm < warmBytes;) warm += read();
  const since = performance.now();
  let bytes = 0;
  for (let got = -1; got !== 0; bytes += got) got = read();
  fs.closeSync(fd);
  return { bytes, seconds: (performance.now() - since) / 1_000 };
}

answerCalls({ stream, readFile }, {});
