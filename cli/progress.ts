/** Progress bars on stderr where it is a terminal; nothing elsewhere. */
import cliProgress from 'cli-progress';
import { formatBytes } from '../common/index.ts';
import type { Environment } from './environment.ts';
import type { Output } from './output.ts';
import { stderrIsTerminal, stderrStream } from './output.ts';

export interface ProgressBar {
  /** @param note shown behind the numbers */
  update(done: number, total: number, note?: string): void;
  stop(): void;
}

const silent: ProgressBar = {
  update: () => undefined,
  stop: () => undefined,
};

/** @param unit `bytes` are shown as sizes, anything else is counted */
export function progressBar(
  output: Output,
  env: Environment,
  title: string,
  unit: string,
): ProgressBar {
  if (output.json || !stderrIsTerminal()) return silent;
  const show = (value: number) =>
    unit === 'bytes' ? formatBytes(value) : value.toLocaleString('en');
  const bar = new cliProgress.SingleBar({
    stream: stderrStream(),
    clearOnComplete: true,
    hideCursor: true,
    format: (options, { value, total, progress }, payload: { readonly note?: string }) => {
      if (total === 0) return `${title} ${show(value)} ${unit === 'bytes' ? '' : unit}`;
      const width = options.barsize ?? 30;
      const filled = Math.round(width * progress);
      const blocks = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
      const drawn = env.color ? `\u001b[36m${blocks}\u001b[0m` : blocks;
      const counted = unit === 'bytes' ? '' : unit;
      return `${title} ${drawn} ${show(value)} / ${show(total)} ${counted} ${payload.note ?? ''}`;
    },
  });
  bar.start(0, 0);
  return {
    update: (done, total, note = '') => {
      bar.setTotal(total);
      bar.update(done, { note });
    },
    stop: () => {
      bar.stop();
    },
  };
}
