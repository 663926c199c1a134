/** The synthetic origin, as the benchmark steers it. */
import { join } from 'node:path';
import { startReady } from '../processes.ts';
import type { ReadyProcess } from '../processes.ts';

export interface OriginState {
  readonly generation?: 1 | 2;
  readonly latencyMs?: number;
}

export class Origin implements AsyncDisposable {
  readonly endpoint: string;
  readonly #process: ReadyProcess;

  static async start(keys: number): Promise<Origin> {
    const program = join(import.meta.dirname, 'origin/main.js');
    return new Origin(await startReady([program, String(keys)], process.env));
  }

  constructor(process: ReadyProcess) {
    this.#process = process;
    this.endpoint = String(process.message);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async set({ generation, latencyMs }: OriginState): Promise<void> {
    const url = new URL(this.endpoint);
    if (generation !== undefined) url.searchParams.set('generation', String(generation));
    if (latencyMs !== undefined) url.searchParams.set('latency', String(latencyMs));
    await fetch(url, { method: 'POST', signal: AbortSignal.timeout(5_000) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
