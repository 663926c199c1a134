/** The workers' sockets on this node. */
import { asLarderError, systemClock, systemCode } from '../../common/index.ts';
import { DataClient } from '../../rpc/data/index.ts';
import { note, ok, problem } from './check.ts';
import type { Check, Observation } from './check.ts';

const CONNECT_TIMEOUT_MS = 3_000;

export const worker: Check = {
  name: 'worker',
  timeoutMs: 8_000,
  run: async ({ sockets }) => {
    if (sockets.length === 0) {
      return [
        note(
          'No worker runs here, and no socket was named: mounts here would read over the network.',
          'Start `larder worker`, or name its socket with --worker-socket.',
        ),
      ];
    }
    return await Promise.all(sockets.map(examine));
  },
};

async function examine(socket: string): Promise<Observation> {
  const startMs = systemClock.monotonicMs();
  const options = { clock: systemClock, client: 'doctor', connectTimeoutMs: CONNECT_TIMEOUT_MS };
  try {
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
    await using client = await DataClient.connect({ kind: 'unix', path: socket }, options, signal);
    const tookMs = Math.round(systemClock.monotonicMs() - startMs);
    return ok(`Worker ${client.workerId} answers on ${socket} in ${String(tookMs)} ms.`);
  } catch (error) {
    const { message, cause, code } = asLarderError(error);
    return problem(`Nothing answers on ${socket}: ${message}`, remedy(code, systemCode(cause)));
  }
}

function remedy(code: string, cause: string | undefined): string {
  if (code === 'PROTOCOL_MISMATCH') return 'Install the same release on both sides.';
  if (cause === 'ENOENT')
    return 'There is no such socket: start `larder worker`, or correct the path.';
  if (cause === 'ECONNREFUSED') return 'The worker of this socket has died: start it again.';
  if (cause === 'EACCES') return "The socket is another user's: look as the user of the worker.";
  return 'The worker hangs or is overloaded: see its log, and start it again.';
}
