/** Versions of the parts that run, and of Node. */
import { packageVersion } from '../package-version.ts';
import { note, ok, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';
import { askMaster } from './cluster.ts';

interface Part {
  readonly who: string;
  /** Empty: not said. */
  readonly version: string;
}

export const versions: Check = {
  name: 'versions',
  timeoutMs: 8_000,
  run: async (subject) => [
    nodeVersion(process.version),
    ...compareVersions(packageVersion(), [...local(subject), ...(await remote(subject))]),
  ],
};

/** Older ones do not get so far: cli/main.ts refuses them. */
export function nodeVersion(version: string): Observation {
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (major >= 24 && major % 2 === 0) return ok(`Node ${version}.`);
  return note(`Node ${version}: works; Larder is tested with Node 24.`);
}

export function compareVersions(own: string, parts: readonly Part[]): Observation[] {
  const other = parts.filter(({ version }) => version !== '' && version !== own);
  const silent = parts.filter(({ version }) => version === '');
  return [
    ok(
      `larder ${own} here; other parts of the same version: ${String(parts.length - other.length - silent.length)}.`,
    ),
    ...other.map(({ who, version }) =>
      warning(
        `${who} is version ${version}, this is ${own}.`,
        'Install the same release everywhere; start what is older again, `larder upgrade` mounts.',
      ),
    ),
    ...silent.map(({ who }) => note(`${who} does not say its version.`)),
  ];
}

function local({ records }: Subject): Part[] {
  return records
    .filter(({ alive }) => alive)
    .map(({ instance: { role, pid, version } }) => ({
      who: `${role} ${String(pid)}`,
      version: version ?? '',
    }));
}

/** A master that does not answer is the finding of another check. */
async function remote({ masters }: Subject): Promise<Part[]> {
  const answers = await Promise.allSettled(masters.map(askMaster));
  return answers.flatMap((answer, index) => {
    if (answer.status === 'rejected') return [];
    const { version, workers } = answer.value.status;
    return [
      { who: `Master ${masters[index] ?? ''}`, version },
      ...workers
        .filter(({ alive }) => alive)
        .map((worker) => ({
          who: `Worker ${worker.member?.worker_id ?? '?'} on ${worker.member?.node ?? '?'}`,
          version: worker.version,
        })),
    ];
  });
}
