/** `larder config`: what is set and by whom, whether a file is right, and reading it again. */
import path from 'node:path';
import { EXIT, systemClock } from '../../common/index.ts';
import { effectiveSettings } from '../config/effective.ts';
import { checkFile } from '../config/load.ts';
import { describeUnknown } from '../config/unknown-variables.ts';
import { createContext } from '../context.ts';
import { strangeVariables } from '../environment.ts';
import { isSet } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { listInstances, signalInstance } from '../instances.ts';
import type { Instance } from '../instances.ts';
import { createOutput, table } from '../output.ts';

/** Evicting what no longer fits takes its time. */
const RELOAD_TIMEOUT_MS = 30_000;

export async function show(flags: Flags): Promise<number> {
  const { output } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const { file, settings } = effectiveSettings();
  const rows = settings.map(({ name, text, from }) => [name, text, from]);
  const read = file === null ? 'No configuration file is read.' : `The file is ${file}.`;
  const unknown = strangeVariables();
  const text = [table(['SETTING', 'VALUE', 'FROM'], rows), read, ...unknown.map(describeUnknown)];
  output.result({ file, settings, unknownVariables: unknown }, text.join('\n\n'));
  return EXIT.ok;
}

export async function check([named = '']: string[], flags: Flags): Promise<number> {
  const output = createOutput(isSet(flags, 'json'));
  const file = path.resolve(named);
  const problems = await checkFile(file);
  const valid = problems.length === 0;
  output.result({ file, valid, problems }, valid ? `${file} is valid.` : problems.join('\n'));
  return valid ? EXIT.ok : EXIT.usage;
}

/** Signals every process here that can re-read, and tells what each made of it. */
export async function reload(flags: Flags): Promise<number> {
  const { output } = createContext({ json: isSet(flags, 'json'), role: 'cli' });
  const told = listInstances().filter((instance) => instance.reload !== undefined);
  for (const instance of told) signalInstance(instance, 'SIGHUP');
  const processes = await outcomes(told);
  const rows = processes.map((it) => [it.role, String(it.pid), describe(it)]);
  const text =
    rows.length === 0
      ? 'Nothing of Larder runs here that has a configuration.'
      : table(['ROLE', 'PID', 'OUTCOME'], rows);
  output.result({ processes }, text);
  if (processes.some(({ problem }) => problem !== undefined)) return EXIT.usage;
  return processes.some(({ answered }) => !answered) ? EXIT.unavailable : EXIT.ok;
}

interface ReloadOutcome extends Pick<Instance, 'role' | 'pid'> {
  readonly answered: boolean;
  readonly changed: readonly string[];
  readonly restart: readonly string[];
  readonly problem?: string;
}

/** Waits until each has written into its record that it has read again, or the time is over. */
async function outcomes(told: readonly Instance[]): Promise<ReloadOutcome[]> {
  const deadlineMs = systemClock.monotonicMs() + RELOAD_TIMEOUT_MS;
  for (;;) {
    const now = new Map(listInstances().map((instance) => [instance.pid, instance]));
    const found = told.map(({ role, pid, reload: before }) => {
      const after = now.get(pid)?.reload;
      const answered = after !== undefined && after.number > (before?.number ?? 0);
      const { number: _, ...outcome } = answered ? after : { number: 0, changed: [], restart: [] };
      return { role, pid, answered, ...outcome };
    });
    if (found.every(({ answered }) => answered)) return found;
    if (systemClock.monotonicMs() > deadlineMs) return found;
    await systemClock.sleep(20);
  }
}

function describe({ answered, changed, restart, problem }: ReloadOutcome): string {
  if (!answered) return 'no answer';
  if (problem !== undefined) return problem;
  const parts = [
    changed.length === 0 ? 'nothing changed' : `changed: ${changed.join(', ')}`,
    ...(restart.length === 0 ? [] : [`needs a restart: ${restart.join(', ')}`]),
  ];
  return parts.join('; ');
}
