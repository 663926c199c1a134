/**
 * `npm run sim`: the policy against the tables of its design, and on whatever cluster, jobs and cache the options
 * describe; see `--help`. The worker's own `Admission`, `LookAhead` and `Placement` decide; nothing is read or written.
 *
 * Exit codes: 0; 1 where a table is off; 2 for options or a trace that cannot be used.
 */
import { checkTables } from './check.ts';
import { Objects } from './objects.ts';
import { HELP, parseOptions } from './options.ts';
import type { SimOptions } from './options.ts';
import { POLICIES } from './policies/index.ts';
import { renderChecks, renderResults, resultJson } from './report.ts';
import type { NamedResult } from './report.ts';
import type { EpochTimeOptions } from './result.ts';
import { simulate } from './simulate.ts';
import { readTrace, replay } from './trace.ts';

/** Enough for a tenth of a point. */
const OBJECTS_OF_TABLES = 10_000;

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

async function main(options: SimOptions): Promise<void> {
  if (options.help) {
    console.log(HELP);
  } else if (options.tables) {
    const checks = checkTables({ seed: options.seed, objects: OBJECTS_OF_TABLES });
    console.log(options.json ? JSON.stringify(checks, undefined, 2) : renderChecks(checks));
    if (checks.off > 0) process.exitCode = 1;
  } else {
    const times = timesOf(options);
    const results =
      options.trace === undefined ? run(options) : await runTrace(options.trace, options);
    console.log(
      options.json
        ? JSON.stringify(
            results.map((one) => resultJson(one, times)),
            undefined,
            2,
          )
        : renderResults(results, times),
    );
  }
}

function run(options: SimOptions): NamedResult[] {
  const objects = Objects.of(options.objects, options.sizes, options.seed);
  const nodeBytes = options.nodeBytes ?? (options.cachedShare * objects.totalBytes) / options.nodes;
  return options.policies.map((name) => {
    const jobs = options.lags.length;
    const result = simulate({ ...options, objects, nodeBytes, jobs, policy: POLICIES[name] });
    return { policy: name, result };
  });
}

/** A trace has no plans: of `all` those are run that need none. */
async function runTrace(file: string, options: SimOptions): Promise<NamedResult[]> {
  const trace = await readTrace(file);
  const blind = options.policies.filter((name) => POLICIES[name].known === 'nothing');
  if (blind.length === 0) throw new Error('the policy needs plans, and a trace has none');
  const { placement, replicas, nodeBytes = 0 } = options;
  const { meanBytes: blockBytes } = options.sizes;
  const cache = { trace, blockBytes, nodeBytes, placement, replicas };
  return blind.map((name) => ({
    policy: name,
    result: replay({ ...cache, policy: POLICIES[name] }),
  }));
}

function timesOf({
  computeSeconds,
  originBytesPerSecond,
}: SimOptions): EpochTimeOptions | undefined {
  if (computeSeconds === undefined || originBytesPerSecond === undefined) return undefined;
  return { computeSeconds, originBytesPerSecond };
}
