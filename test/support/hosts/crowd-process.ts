/** `node crowd-process.ts TARGET`: many connections to one data plane, that all stay. */
import { DataClient, tcpAddress } from '../../../rpc/data/index.ts';
import { systemClock } from '../../../common/index.ts';
import { answerCalls } from './calls.ts';

const [, , target = ''] = process.argv;
const clients: DataClient[] = [];
const signal = new AbortController().signal;
/** Connecting at once; each waits for its WELCOME. */
const AT_ONCE = 200;

async function connectMore(count: number): Promise<number> {
  let next = 0;
  const some = async () => {
    while (next < count) {
      next += 1;
      const options = { clock: systemClock, client: 'crowd', connectTimeoutMs: 30_000 };
      clients.push(await DataClient.connect(tcpAddress(target), options, signal));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
  return clients.filter(({ closed }) => !closed).length;
}

/** Asks over every connection, some at a time. @returns how many answered */
async function askAll(): Promise<number> {
  let [next, answered] = [0, 0];
  const some = async () => {
    for (let client = clients[next++]; client !== undefined; client = clients[next++]) {
      const request = { datasetId: 1, version: 1 };
      await client.openVersion(request, { timeoutMs: 30_000, signal });
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
  return answered;
}

answerCalls({ connect: connectMore, askAll }, {});
