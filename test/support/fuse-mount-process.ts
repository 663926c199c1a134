/**
 * `node fuse-mount-process.ts holder|server SPEC.json [upgrade|wait]`: the two processes of a mount under
 * test. At SIGUSR2 a holder lets the one take over whose command is in its `upgradeFile`.
 */
import fs from 'node:fs';
import { createLogger, LarderError } from '../../common/index.ts';
import { DRIVERS } from '../../fuse-client/index.ts';
import type { DriverName, MountSpec } from '../../fuse-client/index.ts';
import { DirectoryMountSource } from './directory-mount-source.ts';
import type { DirectorySourceOptions } from './directory-mount-source.ts';

export interface TestMountSpec {
  readonly mount: MountSpec;
  readonly source: DirectorySourceOptions;
  readonly driver: DriverName;
  /** Events of the holder, a JSON line each. */
  readonly eventsFile: string;
  readonly upgradeFile: string;
}

const [, , role = '', specFile = '', extra] = process.argv;
// A test makes servers crash at their start by taking the file away.
if (!fs.existsSync(specFile)) process.exit(1);
const spec = JSON.parse(fs.readFileSync(specFile, 'utf8')) as TestMountSpec;

if (role === 'holder') {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      controller.abort();
    });
  }
  const emit = (event: object) => {
    fs.appendFileSync(spec.eventsFile, `${JSON.stringify({ ...event, holder: process.pid })}\n`);
  };
  const hold = DRIVERS[spec.driver].hold(spec.mount, {
    signal: controller.signal,
    report: emit,
    upgrades: extra === 'upgrade',
    onHandOver: (handOver) => {
      process.on('SIGUSR2', () => {
        const command = JSON.parse(fs.readFileSync(spec.upgradeFile, 'utf8')) as string[];
        void handOver(command).then(({ code, facts }) => {
          emit({ kind: 'upgrade-failed', code, why: facts['why'] });
        });
      });
    },
  });
  const end = await hold.catch((error: unknown) => {
    // Of an upgrade: who asked for it is told by the other holder.
    if (extra === 'upgrade' && error instanceof LarderError) process.exit(1);
    throw error;
  });
  const code = end.kind === 'failed' ? end.error.code : undefined;
  emit({ kind: 'end', how: end.kind, code });
  process.exit(end.kind === 'unmounted' || end.kind === 'handed-over' ? 0 : 1);
} else {
  await DRIVERS[spec.driver].serve(spec.mount, {
    waits: extra === 'wait',
    log: createLogger({
      level: spec.source.connectFails === undefined ? 'error' : 'silent',
      role: 'server',
    }),
    connect: () => DirectoryMountSource.connect(spec.source),
  });
}
