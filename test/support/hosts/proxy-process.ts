/**
 * `node proxy-process.ts LISTEN TARGET`: toxiproxy on a host, between those who connect to LISTEN and TARGET,
 * led by calls. To be ended by SIGTERM, which ends toxiproxy, too.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerCalls } from './calls.ts';
import { TOXIPROXY } from './toxiproxy.ts';

/** As toxiproxy's own: what happens to the bytes of a connection, or of some of them. */
export interface Toxic {
  readonly type: 'latency' | 'reset_peer' | 'limit_data' | 'slicer' | 'bandwidth' | 'timeout';
  /** Towards who connected, or towards the target. */
  readonly stream: 'downstream' | 'upstream';
  /** Of all connections; default 1. */
  readonly toxicity?: number;
  readonly attributes: Readonly<Record<string, number>>;
}

const API = 'http://127.0.0.1:8474';
const START_TRIES = 100;

const [, , listen = '', upstream = ''] = process.argv;
const proxy = spawn(TOXIPROXY, ['-host', '127.0.0.1'], { stdio: 'ignore' });
process.once('exit', () => proxy.kill('SIGKILL'));
process.once('SIGTERM', () => process.exit());
await untilItAnswers();
await post('/proxies', { name: 'link', listen, upstream, enabled: true });

answerCalls(
  {
    add: async (toxic: Toxic) => {
      await post('/proxies/link/toxics', toxic);
    },
    clear: async () => {
      await post('/reset', {});
    },
  },
  {},
);

async function untilItAnswers(): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(`${API}/version`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (tries === START_TRIES) throw new Error('toxiproxy does not answer');
    await sleep(50);
  }
}

async function post(path: string, body: unknown): Promise<void> {
  const answer = await fetch(API + path, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`toxiproxy, ${path}: ${await answer.text()}`);
}
