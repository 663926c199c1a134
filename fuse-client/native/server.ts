/**
 * The serving process of a `fuse-native` mount. libfuse mounts here, in this process, and gives nobody
 * the fd: when this process ends, so does the mount, and whoever reads gets an error.
 *
 * It says to its holder over IPC that it lives, that the mount answers, and how far the manifest is.
 * When the holder is gone it ends.
 */
import { asLarderError, LarderError, silentLogger, systemClock } from '../../common/index.ts';
import { kill } from '../processes.ts';
import { filesOf, openFiles } from '../serving-thread.ts';
import type { ServeOptions } from '../server.ts';
import { compileSpec } from '../spec.ts';
import type { CompiledSpec, MountSpec } from '../spec.ts';
import { createNativeMount } from './library.ts';
import type { NativeMount } from './library.ts';
import { PathFiles } from './operations.ts';

export type NativeMessage =
  | { readonly kind: 'alive'; readonly manifestPercent: number }
  | { readonly kind: 'serving' }
  | {
      readonly kind: 'failed';
      readonly code: LarderError['code'];
      readonly facts: LarderError['facts'];
    };

/** What libfuse 2 asks for at once; more is cut into pieces. */
export const NATIVE_READ_BYTES = 128 << 10;
/** A version never changes: as long as libfuse takes. */
const YEAR_SECONDS = 31_536_000;

export async function serveNativeMount(spec: MountSpec, options: ServeOptions): Promise<never> {
  const compiled = compileSpec(spec);
  const { log = silentLogger, clock = systemClock, beforeEnd } = options;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  const end = (): never => {
    beforeEnd?.();
    kill(process.pid, 'SIGKILL');
    throw new Error('SIGKILL is not survived');
  };
  process.once('disconnect', end);
  try {
    let percent = 0;
    const beat = async (): Promise<void> => {
      for (;;) {
        send({ kind: 'alive', manifestPercent: percent });
        await clock.sleep(compiled.timings.heartbeatMs);
      }
    };
    void beat();
    const source = await options.connect(new AbortController().signal);
    const operations = new PathFiles({
      files: openFiles(filesOf(source, 'strict')),
      source,
      onError: (error, what) => {
        log.warn({ what, code: error.code }, error.message);
      },
    });
    await mounted(createNativeMount(compiled.mountpoint, mountOptions(compiled), operations));
    send({ kind: 'serving' });
    for (;;) {
      percent = source.manifestPercent();
      await clock.sleep(compiled.timings.reportMs);
    }
  } catch (error) {
    log.error({ err: error }, 'the mount cannot be served');
    const { code, facts } = asLarderError(error);
    await new Promise<void>((resolve) => {
      send({ kind: 'failed', code, facts }, resolve);
    });
    return end();
  }
}

function mountOptions({ name, version, allowOther }: CompiledSpec): string {
  const isRoot = process.geteuid?.() === 0;
  return [
    'ro,default_permissions,use_ino,kernel_cache',
    `fsname=larder:${name}@v${String(version)},subtype=larder`,
    `max_read=${String(NATIVE_READ_BYTES)}`,
    ...['entry', 'negative', 'attr', 'ac_attr'].map(
      (what) => `${what}_timeout=${String(YEAR_SECONDS)}`,
    ),
    ...(isRoot || allowOther ? ['allow_other'] : []),
  ].join(',');
}

/** @throws {LarderError} `FUSE_UNAVAILABLE` */
async function mounted(native: NativeMount): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    native.mount((cause) => {
      if (cause === null) resolve();
      else {
        const what = `fuse-native: ${cause.message}; libfuse has written why`;
        reject(new LarderError('FUSE_UNAVAILABLE', { what }, { cause }));
      }
    });
  });
}

function send(message: NativeMessage, done: () => void = () => undefined): void {
  if (process.send === undefined || !process.connected) done();
  else process.send(message, undefined, undefined, done);
}
