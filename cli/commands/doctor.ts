/** `larder doctor`: looks for what is wrong on this machine, and says what to do about it. */
import fs from 'node:fs';
import path from 'node:path';
import { EXIT, formatBytes, printable } from '../../common/index.ts';
import { writeBundle } from '../doctor/bundle.ts';
import type { Finding, Level, Subject } from '../doctor/check.ts';
import { CHECKS } from '../doctor/checks.ts';
import { createRedact } from '../doctor/redact.ts';
import { runChecks } from '../doctor/run-checks.ts';
import {
  credentialFiles,
  environment,
  searchPath,
  secretValues,
  strangeVariables,
} from '../environment.ts';
import type { Environment } from '../environment.ts';
import { isSet, originUrl, text, texts } from '../flags.ts';
import type { Flags } from '../flags.ts';
import { readRecords } from '../instances.ts';
import type { InstanceRecord } from '../instances.ts';
import { createOutput } from '../output.ts';
import { packageVersion } from '../package-version.ts';

export async function doctor([origin]: string[], flags: Flags): Promise<number> {
  // Without the handlers of other commands: Ctrl-C ends it at once, there is nothing to tidy up.
  const output = createOutput(isSet(flags, 'json'));
  const env = environment();
  const subject = subjectOf(env, flags, origin);
  const redact = createRedact(secretValues(), credentialFiles());
  const findings = (await runChecks(CHECKS, subject)).map((finding) => redacted(finding, redact));
  const bundle = text(flags, 'bundle');
  const report = {
    version: packageVersion(),
    problems: count(findings, 'problem'),
    warnings: count(findings, 'warning'),
    findings,
  };
  if (bundle !== undefined) {
    await writeBundle({ file: path.resolve(bundle), report, subject, environment: env, redact });
    output.note(bundleNote(path.resolve(bundle)));
  }
  output.result(
    bundle === undefined ? report : { ...report, bundle: path.resolve(bundle) },
    render(findings),
  );
  if (report.problems > 0) return EXIT.failure;
  return report.warnings > 0 ? EXIT.partial : EXIT.ok;
}

function subjectOf(env: Environment, flags: Flags, origin: string | undefined): Subject {
  const records = readRecords();
  return {
    cacheDirectories: cacheDirectories(env, flags, records),
    masters: named(text(flags, 'master') ?? env.master, records, 'master'),
    sockets: named(text(flags, 'workerSocket') ?? env.workerSocket, records, 'socket'),
    ...(origin === undefined ? {} : { origin: originUrl(origin) }),
    endpoint: text(flags, 'endpoint') ?? '',
    records,
    readTimeoutMs: env.readTimeoutMs,
    hungAfterMs: env.hungAfterMs,
    searchPath: searchPath(),
    unknownVariables: strangeVariables(),
    fix: isSet(flags, 'fix'),
  };
}

/** What was named, else what the processes of this machine use. */
function named(
  value: string | undefined,
  records: readonly InstanceRecord[],
  key: 'master' | 'socket',
): string[] {
  if (value !== undefined) return [value];
  const used = records.flatMap(({ alive, instance }) => (alive ? (instance[key] ?? []) : []));
  return [...new Set(used)];
}

function cacheDirectories(
  env: Environment,
  flags: Flags,
  records: readonly InstanceRecord[],
): string[] {
  const given = texts(flags, 'cacheDir');
  if (given.length > 0) return given.map((directory) => path.resolve(directory));
  const used = records.flatMap(({ alive, instance: { disks, cacheDir = [] } }) => {
    if (!alive) return [];
    return disks === undefined ? cacheDir : disks.map((disk) => disk.path);
  });
  return used.length > 0 ? [...new Set(used)] : [...env.workerHomes];
}

function bundleNote(file: string): string {
  const { size } = fs.statSync(file);
  return `The support archive is ${printable(file)} (${formatBytes(size)}). Look into it before you send it.`;
}

function redacted(finding: Finding, redact: (text: string) => string): Finding {
  const { remedy } = finding;
  return {
    ...finding,
    what: redact(finding.what),
    ...(remedy === undefined ? {} : { remedy: redact(remedy) }),
  };
}

function count(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

function render(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, what, remedy }) => {
    const indent = ' '.repeat(width + 11);
    const first = `${level.padEnd(7)}  ${check.padEnd(width)}  ${printable(what)}`;
    return remedy === undefined ? [first] : [first, `${indent}→ ${printable(remedy)}`];
  });
  const problems = count(findings, 'problem');
  const warnings = count(findings, 'warning');
  const sum =
    problems + warnings === 0
      ? 'Nothing is wrong.'
      : `${plural(problems, 'problem')}, ${plural(warnings, 'warning')}.`;
  return [...lines, '', sum].join('\n');
}

function plural(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
