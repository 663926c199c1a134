/** From the flags of `larder preload` to what the SDK takes. */
import { LarderError, parseDuration, parseRate, parseSize } from '../common/index.ts';
import type { PreloadOptions } from '../sdk/index.ts';
import { isSet, text, texts } from './flags.ts';
import type { Flags } from './flags.ts';
import { readPathList } from './path-list.ts';

/** @throws {LarderError} `INVALID_ARGUMENT` */
export async function preloadOptions(
  paths: readonly string[],
  flags: Flags,
): Promise<PreloadOptions> {
  const list = text(flags, 'files');
  const budget = text(flags, 'budget');
  const bandwidth = text(flags, 'bandwidth');
  const deadline = text(flags, 'deadline');
  const keep = text(flags, 'keep');
  return {
    paths,
    priority: priorityOf(text(flags, 'priority')),
    verify: isSet(flags, 'verify'),
    ...(budget === undefined ? {} : { budgetBytes: positive('--budget', parseSize(budget)) }),
    ...(bandwidth === undefined
      ? {}
      : { bandwidthBytesPerSecond: positive('--bandwidth', parseRate(bandwidth)) }),
    ...(deadline === undefined ? {} : { deadlineMs: durationOf('--deadline', deadline) }),
    ...(keep === undefined
      ? {}
      : { keepMs: keep === 'forever' ? 'forever' : durationOf('--keep', keep) }),
    ...(list === undefined ? {} : { listed: await readPathList(list) }),
    ...replicasOf(text(flags, 'replicas')),
    ...(texts(flags, 'on').length === 0 ? {} : { on: texts(flags, 'on') }),
  };
}

function replicasOf(value: string | undefined): Pick<PreloadOptions, 'replicas'> {
  if (value === undefined) return {};
  if (value === 'all') return { replicas: value };
  // The SDK says what is wrong with a number.
  if (/^-?\d{1,9}$/.test(value)) return { replicas: Number(value) };
  throw new LarderError('INVALID_ARGUMENT', { replicas: value, expected: 'a number, or all' });
}

function priorityOf(value: string | undefined): number {
  if (value === undefined) return 0;
  if (/^-?\d{1,3}$/.test(value)) return Number(value);
  throw new LarderError('INVALID_ARGUMENT', { priority: value, expected: '-100 to 100' });
}

function durationOf(option: string, value: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return positive(option, ms);
  throw new LarderError('INVALID_ARGUMENT', { option, value, expected: 'a time like 30m or 6h' });
}

/** 0 would mean that there is no limit. */
function positive(option: string, value: number): number {
  if (value > 0) return value;
  throw new LarderError('INVALID_ARGUMENT', { option, value, expected: 'more than 0' });
}
