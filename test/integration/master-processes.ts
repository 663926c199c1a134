/** Masters that are killed and stopped. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { MasterTimes } from '../../master/index.ts';

/** A master in a child process that is killed in the end. */
export class MasterProcess implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(
    dataDir: string,
    listen: string,
    times: Partial<MasterTimes> = {},
  ): Promise<MasterProcess> {
    const program = join(import.meta.dirname, 'master-process.ts');
    const child = spawn(process.execPath, [program, dataDir, listen, JSON.stringify(times)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [address] = (await once(child.stdout, 'data')) as [Buffer];
    return new MasterProcess(child, address.toString().trim());
  }

  /** Stands still until `resume`. */
  suspend(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
