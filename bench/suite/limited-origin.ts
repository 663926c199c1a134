/**
 * The origin behind a slow link: versitygw over the same directory in a network namespace, whose end
 * of the link lets so many bytes per second out (`tbf`). It costs no CPU time, unlike a proxy.
 */
import type { Disposals } from '../../common/index.ts';
import { isInstalled, run } from '../processes.ts';
import { startGateway } from './origin.ts';
import { NotAvailable } from './scene.ts';

/** Large, so that headers take 0.7 % of the link, not 4 %. */
const MTU_BYTES = 9_000;
/** Ends of the link, from the block for benchmarks (RFC 2544). */
const ADDRESSES = { here: '198.18.77.1', there: '198.18.77.2' };
const PORT = 7070;

export async function limitedGateway(
  stack: Disposals,
  { gatewayDirectory, bytesPerSecond }: { gatewayDirectory: string; bytesPerSecond: number },
): Promise<string> {
  for (const program of ['ip', 'tc']) {
    if (!(await isInstalled(program))) throw new NotAvailable(`${program} is not installed`);
  }
  // An interface has at most 15 characters.
  const id = process.pid.toString(36);
  const namespace = `larder-bench-${id}`;
  const [here, there] = [`lba${id}`, `lbb${id}`];
  const ip = (...args: string[]) => run({ program: 'ip', args });
  const within = (...args: string[]) => ip('netns', 'exec', namespace, ...args);
  try {
    await ip('netns', 'add', namespace);
  } catch (error) {
    throw new NotAvailable(error instanceof Error ? error.message : String(error));
  }
  stack.defer(async () => {
    await ip('netns', 'delete', namespace);
  });
  await ip('link', 'add', here, 'mtu', String(MTU_BYTES), 'type', 'veth', 'peer', 'name', there);
  await ip('link', 'set', there, 'netns', namespace);
  await ip('address', 'add', `${ADDRESSES.here}/30`, 'dev', here);
  await ip('link', 'set', here, 'up');
  await within('ip', 'link', 'set', 'lo', 'up');
  await within('ip', 'link', 'set', there, 'mtu', String(MTU_BYTES));
  await within('ip', 'address', 'add', `${ADDRESSES.there}/30`, 'dev', there);
  await within('ip', 'link', 'set', there, 'up');
  const rate = `${(bytesPerSecond * 8) / 1e6}mbit`;
  await within(
    ...['tc', 'qdisc', 'add', 'dev', there, 'root'],
    ...['tbf', 'rate', rate, 'burst', '4mb', 'latency', '100ms'],
  );
  return startGateway(stack, {
    directory: gatewayDirectory,
    address: `${ADDRESSES.there}:${PORT}`,
    within: ['ip', 'netns', 'exec', namespace],
  });
}
