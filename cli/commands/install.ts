/** `larder install` and `larder uninstall`: systemd units, mount.larder and first settings. */
import fs from 'node:fs';
import path from 'node:path';
import { EXIT, LarderError, systemCode } from '../../common/index.ts';
import { createContext } from '../context.ts';
import { isSet, text } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { installFiles } from '../install/files.ts';
import type { InstallFile } from '../install/files.ts';
import { planInstall, planUninstall, seal } from '../install/plan.ts';

interface Step<Action> {
  readonly file: string;
  readonly action: Action;
}

const DONE = {
  write: 'written',
  update: 'updated',
  overwrite: 'overwritten; the old one is beside it as .old',
  unchanged: 'unchanged',
  keep: 'kept: it was edited',
  remove: 'removed',
  absent: 'not there',
} as const;

const NEXT_AFTER_INSTALL = `Next: edit /etc/larder/*.env, then
  systemctl daemon-reload
  systemctl enable --now larder-worker`;
const NEXT_AFTER_UNINSTALL = `Next: systemctl daemon-reload`;

export async function install(_: string[], flags: Flags): Promise<number> {
  const force = isSet(flags, 'force');
  const files = installFiles();
  const steps = files.map((file) => {
    const at = locate(flags, file);
    return { ...file, at, action: planInstall(file, read(at), force) };
  });
  refuse(steps.filter(({ action }) => action === 'refuse').map(({ at }) => at));
  if (!isSet(flags, 'dryRun')) {
    for (const { action, at, content, mode } of steps) {
      if (action === 'overwrite') attempt(at, () => fs.copyFileSync(at, `${at}.old`));
      if (action === 'write' || action === 'update' || action === 'overwrite') {
        write(at, seal(content), mode);
      }
    }
  }
  return report(
    flags,
    steps.map(({ at, action }) => ({ file: at, action })),
    NEXT_AFTER_INSTALL,
  );
}

export async function uninstall(_: string[], flags: Flags): Promise<number> {
  const force = isSet(flags, 'force');
  const steps = installFiles().map((file) => {
    const at = locate(flags, file);
    return { file: at, action: planUninstall(file.kind, read(at), force) };
  });
  refuse(steps.filter(({ action }) => action === 'refuse').map(({ file }) => file));
  if (!isSet(flags, 'dryRun')) {
    for (const { file, action } of steps) {
      if (action === 'remove') attempt(file, () => fs.rmSync(file));
    }
  }
  return report(flags, steps, NEXT_AFTER_UNINSTALL);
}

function report(flags: Flags, steps: readonly Step<string>[], next: string): number {
  const dryRun = isSet(flags, 'dryRun');
  const { output } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const lines = steps.map(({ file, action }) => `${file}: ${DONE[action as keyof typeof DONE]}`);
  const head = dryRun ? ['Nothing was changed. Without --dry-run:'] : [];
  const tail = dryRun || text(flags, 'root') !== undefined ? [] : [next];
  output.result({ dryRun, files: steps }, [...head, ...lines, ...tail].join('\n'));
  return EXIT.ok;
}

/** All or nothing: one file that was edited, and none is touched. */
function refuse(files: readonly string[]): void {
  if (files.length > 0) throw new LarderError('INSTALL_CHANGED', { files: files.join(' ') });
}

/** @throws {LarderError} `INSTALL_FAILED` where a link leads out of the root */
function locate(flags: Flags, { target }: InstallFile): string {
  const root = path.resolve(text(flags, 'root') ?? '/');
  const at = path.join(root, target);
  let folder = path.dirname(at);
  while (!fs.existsSync(folder) && folder !== root) folder = path.dirname(folder);
  const base = attempt(root, () => fs.realpathSync(root));
  const real = attempt(folder, () => fs.realpathSync(folder));
  if (real === base || real.startsWith(base === '/' ? '/' : `${base}/`)) return at;
  throw new LarderError('INSTALL_FAILED', { file: at, why: `${folder} leads out of ${root}` });
}

function read(file: string): string | undefined {
  return attempt(file, () => {
    try {
      return fs.readFileSync(file, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** Whole or not at all. */
function write(file: string, content: string, mode: number): void {
  attempt(file, () => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const aside = `${file}.new-${String(process.pid)}`;
    fs.writeFileSync(aside, content, { mode, flag: 'wx' });
    fs.chmodSync(aside, mode);
    fs.renameSync(aside, file);
  });
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const why = systemCode(cause);
    if (why === undefined) throw cause;
    throw new LarderError('INSTALL_FAILED', { file, why }, { cause });
  }
}
