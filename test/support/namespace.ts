/**
 * A place of its own for processes of a test: a mount namespace, and what a test adds to it (a user
 * namespace, a root directory). It lives as long as the process that keeps it, and takes its mounts
 * along when it ends: nothing is seen of them outside.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';

export interface NamespaceOptions {
  /** Run by sh once, inside, before anything else. */
  readonly setUp?: string;
  /** Whose process keeps it, and whose processes run in it. Default: root. */
  readonly user?: number;
  /** Whose user namespace is made inside of it, in which that user is root. */
  readonly insideOf?: number;
  /** A directory outside that is the root inside. */
  readonly root?: string;
}

export const NAMESPACE_MISSING =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0
    ? undefined
    : 'needs root and unshare(1)';

const READY_TIMEOUT_MS = 20_000;

export class Namespace implements Disposable {
  readonly #keeper: ChildProcess;
  readonly #options: NamespaceOptions;

  static async start(options: NamespaceOptions = {}): Promise<Namespace> {
    const { setUp = ':', insideOf } = options;
    const rest = ['sh', '-c', 'echo ready; exec sleep 600'];
    const user = [
      ...['setpriv', '--reuid', String(insideOf), '--regid', String(insideOf), '--clear-groups'],
      ...['unshare', '--user', '--map-root-user', '--mount'],
    ];
    const script = `set -e\n${setUp}\nexec "$@"`;
    const command = insideOf === undefined ? rest : [...user, ...rest];
    const keeper = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 600_000,
    });
    const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
    const said = once(keeper.stdout, 'data', { signal }).then(String);
    const failed = once(keeper, 'exit').then(() => 'ended');
    const first = await Promise.race([said, failed]);
    if (first.trim() !== 'ready') {
      keeper.kill('SIGKILL');
      throw new Error(`the namespace could not be made: ${first}`);
    }
    return new Namespace(keeper, options);
  }

  /** Not for callers: see the static method. */
  constructor(keeper: ChildProcess, options: NamespaceOptions) {
    this.#keeper = keeper;
    this.#options = options;
  }

  /** What starts a program inside. */
  get within(): readonly string[] {
    return this.withinAs(this.#options.user);
  }

  withinAs(user: number | undefined): readonly string[] {
    const { root, insideOf } = this.#options;
    const pid = String(this.#keeper.pid);
    const owner = String(insideOf);
    return [
      // Who made a user namespace may enter it, and is root inside.
      ...(insideOf === undefined
        ? []
        : ['setpriv', '--reuid', owner, '--regid', owner, '--clear-groups']),
      ...['nsenter', '--target', pid, '--mount'],
      ...(insideOf === undefined ? [] : ['--user', '--preserve-credentials']),
      ...(root === undefined
        ? []
        : [`--root=/proc/${pid}/root${root}`, `--wd=/proc/${pid}/root${root}`]),
      ...(user === undefined ? [] : ['--setuid', String(user), '--setgid', String(user)]),
      '--',
    ];
  }

  /** Runs a program inside, to its end. */
  run(...command: string[]): string {
    const [program = '', ...args] = [...this.within, ...command];
    return execFileSync(program, args, { encoding: 'utf8', timeout: 10_000 });
  }

  /** The mount points of Larder inside. */
  mountpoints(): string[] {
    return [...this.mounts().matchAll(/^(?:\S+ ){4}(\S+) .* - fuse\.larder /gm)].map(
      ([, at = '']) =>
        // Space, tab, newline and backslash are octal there.
        at.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    );
  }

  /** The mount table inside. */
  mounts(): string {
    return fs.readFileSync(`/proc/${String(this.#keeper.pid)}/mountinfo`, 'utf8');
  }

  [Symbol.dispose](): void {
    this.#keeper.kill('SIGKILL');
  }
}

/**
 * What makes /dev/fuse usable for everybody inside, as udev does on most machines; `file` is outside of
 * everything else that is mounted.
 */
export function fuseForAll(file: string): string {
  return `mknod -m 0666 '${file}' c 10 229 && chmod 0666 '${file}' && mount --bind '${file}' /dev/fuse`;
}
