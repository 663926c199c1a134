/** How a preload is followed and told: the bar, the failures, the last line, the exit code. */
import { EXIT, EXIT_CODE, formatBytes, isErrorCode, printable } from '../common/index.ts';
import type { PreloadProgress } from '../sdk/index.ts';
import type { Context } from './context.ts';
import { progressBar } from './progress.ts';

const SHOWN_FAILURES = 20;

/** @returns the last that was told */
export async function follow(
  messages: AsyncIterable<PreloadProgress>,
  { output, environment }: Context,
): Promise<PreloadProgress | undefined> {
  const bar = progressBar(output, environment, 'Preloading', 'bytes');
  let last: PreloadProgress | undefined;
  try {
    for await (const progress of messages) {
      last = progress;
      bar.update(progress.heldBytes, progress.targetBytes, pace(progress));
    }
  } finally {
    bar.stop();
  }
  return last;
}

/** @returns the exit code */
export function report(last: PreloadProgress | undefined, { output }: Context): number {
  if (last === undefined) return EXIT.failure;
  noteFailures(last, output);
  output.result(last, summary(last));
  return exitCode(last);
}

export function noteFailures(last: PreloadProgress, output: Pick<Context['output'], 'note'>): void {
  for (const line of failureLines(last).slice(0, SHOWN_FAILURES)) output.note(line);
}

export function failureLines({ failures }: PreloadProgress): string[] {
  return failures.map(({ path, code, message }) => {
    // A message begins with its code.
    const said = message.startsWith(`[${code}]`) ? message : `[${code}] ${message}`;
    return printable(path === '' ? said : `${path}: ${said}`);
  });
}

export function summary(progress: PreloadProgress): string {
  const { state, heldBytes, targetBytes, heldFiles, targetFiles, failedFiles } = progress;
  const bytes = `${formatBytes(heldBytes)} of ${formatBytes(targetBytes)}`;
  const files = progress.countsCopies ? 'copies of files' : 'files';
  const said = [`${state}: ${String(heldFiles)} of ${String(targetFiles)} ${files}, ${bytes} held`];
  if (failedFiles > 0) said.push(`${String(failedFiles)} failed`);
  if (progress.verifiedBytes > 0) said.push(`${formatBytes(progress.verifiedBytes)} verified`);
  if (progress.damagedFiles > 0) {
    said.push(`${String(progress.damagedFiles)} were damaged, and had to be fetched again`);
  }
  if (progress.leftOutFiles > 0) {
    said.push(`${String(progress.leftOutFiles)} left out: the budget has no room for them`);
  }
  return `${said.join('; ')}.`;
}

/** `120.0 MiB/s, 30s left`; empty where nothing is known. */
export function pace({ bytesPerSecond, restMs }: PreloadProgress): string {
  if (bytesPerSecond === 0) return '';
  const rate = `${formatBytes(bytesPerSecond)}/s`;
  if (restMs === null) return rate;
  return `${rate}, ${about(restMs)} left`;
}

/** In whole seconds, minutes or hours: it is a guess. */
export function about(ms: number): string {
  const [unitMs] = [3_600_000, 60_000].filter((each) => ms >= 2 * each);
  const whole = unitMs ?? 1000;
  return `${String(Math.ceil(ms / whole))} ${NAMES[whole] ?? 's'}`;
}

const NAMES: Readonly<Record<number, string>> = { 3_600_000: 'h', 60_000: 'min', 1000: 's' };

export function exitCode({ state, failures, failedFiles }: PreloadProgress): number {
  switch (state) {
    case 'complete':
      return EXIT.ok;
    case 'partial': {
      const isAllMissing = failures.every(({ code }) => code === 'NOT_FOUND');
      return isAllMissing && failures.length === failedFiles ? EXIT.notFound : EXIT.partial;
    }
    case 'cancelled':
      return EXIT.interrupted;
    default: {
      const [code, ...others] = new Set(failures.map((failure) => failure.code));
      const isOne = code !== undefined && others.length === 0 && isErrorCode(code);
      return isOne ? EXIT_CODE[code] : EXIT.failure;
    }
  }
}
