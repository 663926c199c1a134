/**
 * A mount namespace of a test's own: it sees no other mounts of Larder, and what is mounted, hidden or
 * detached in it changes nothing outside. Ends with the test, also when that is killed.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';

export class MountNamespace implements AsyncDisposable {
  readonly #keeper: ChildProcess;

  constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
  }

  static async create(): Promise<MountNamespace> {
    // `cat` ends when its input does.
    const keeper = spawn(
      'unshare',
      ['-m', '--propagation', 'private', 'sh', '-c', 'echo; exec cat'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    await once(keeper.stdout, 'data');
    const namespace = new MountNamespace(keeper);
    for (const mountpoint of namespace.mountpoints().reverse()) {
      namespace.run('umount', '-l', mountpoint);
    }
    return namespace;
  }

  /** What starts a program in it. */
  get through(): string[] {
    return ['nsenter', `--mount=/proc/${String(this.#keeper.pid)}/ns/mnt`, '--'];
  }

  /** Those of Larder. */
  mountpoints(): string[] {
    const table = fs.readFileSync(`/proc/${String(this.#keeper.pid)}/mountinfo`, 'utf8');
    return [...table.matchAll(/^(?:\S+ ){4}(\S+) .* - fuse\.larder /gm)].map(([, at = '']) =>
      // Space, tab, newline and backslash are octal there.
      at.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    );
  }

  run(...command: string[]): string {
    const [program = '', ...args] = [...this.through, ...command];
    return execFileSync(program, args, { encoding: 'utf8', timeout: 10_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#keeper, 'exit');
    this.#keeper.kill('SIGKILL');
    await ended;
  }
}

/** Why there can be none here; undefined where there can. */
export function noMountNamespace(): string | undefined {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore', timeout: 10_000 });
    return undefined;
  } catch {
    return 'needs the right to make mount namespaces (root)';
  }
}
