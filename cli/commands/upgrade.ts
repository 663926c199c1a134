/** `larder upgrade`: this installation takes over mounts that are in use. */
import path from 'node:path';
import { asLarderError, EXIT, EXIT_CODE, LarderError } from '../../common/index.ts';
import { createContext } from '../context.ts';
import type { Context } from '../context.ts';
import { isSet } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { listInstances } from '../instances.ts';
import { upgradeMount } from '../upgrading.ts';
import type { UpgradedMount } from '../upgrading.ts';

export async function upgrade([where]: string[], flags: Flags): Promise<number> {
  const context = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const all = isSet(flags, 'all');
  if (all === (where !== undefined)) {
    throw new LarderError('INVALID_ARGUMENT', { expected: 'a mount point, or --all' });
  }
  if (where === undefined) return await upgradeAll(context);
  const { output, signal } = context;
  const upgraded = await upgradeMount(path.resolve(where), signal);
  output.result({ mounts: [upgraded] }, describe(upgraded));
  return EXIT.ok;
}

/** One after the other: a defect of the new installation is met once, and not by all at once. */
async function upgradeAll({ output, signal }: Context): Promise<number> {
  const mounts: (UpgradedMount | { mountpoint: string; error: object })[] = [];
  const failures: LarderError[] = [];
  const lines: string[] = [];
  for (const mountpoint of mountpoints()) {
    try {
      const upgraded = await upgradeMount(mountpoint, signal);
      mounts.push(upgraded);
      lines.push(describe(upgraded));
    } catch (error) {
      const { code, facts, message, hint } = asLarderError(error);
      if (code === 'CANCELLED') throw error;
      failures.push(asLarderError(error));
      mounts.push({ mountpoint, error: { code, message, facts, hint } });
      output.note(`larder: ${message}\n  ${hint}`);
    }
  }
  output.result({ mounts }, mounts.length === 0 ? 'Nothing is mounted here.' : lines.join('\n'));
  const [first] = failures;
  if (first === undefined) return EXIT.ok;
  return failures.length < mounts.length ? EXIT.partial : EXIT_CODE[first.code];
}

function mountpoints(): string[] {
  const points = listInstances().flatMap(({ mount }) => mount?.mountpoint ?? []);
  return [...new Set(points)];
}

function describe({ mountpoint, from, to }: UpgradedMount): string {
  return `${mountpoint} is served by release ${to}, before by ${from}.`;
}
