/**
 * Staying with a mount until it is told to end: the first SIGTERM or Ctrl-C unmounts, a busy mount
 * says who keeps it busy and is tried again, the second signal detaches it whoever uses it.
 */
import { hasCode, LarderError, systemClock } from '../../common/index.ts';
import { isMounted } from '../../fuse-client/index.ts';
import type { Context } from '../context.ts';

const LOOK_EVERY_MS = 250;
const RETRY_EVERY_MS = 500;

/** Resolves when the mount has ended, by us or by somebody else. */
export async function stopMount(
  { signal, insisted, output }: Context,
  mountpoint: string,
  end: (options: { lazy?: boolean }) => Promise<void>,
  /** Called now and then while the mount is to stay. */
  look: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  while (!signal.aborted && isMounted(mountpoint)) {
    await look();
    await systemClock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
  let told = '';
  let insists = false;
  void insisted.then(() => {
    insists = true;
  });
  for (;;) {
    try {
      await end({ lazy: insists });
      return;
    } catch (error) {
      if (!(error instanceof LarderError) || !hasCode(error, 'MOUNTPOINT_BUSY')) throw error;
      if (error.message !== told) output.note(`larder: ${error.message}\n  ${error.hint}`);
      told = error.message;
      await Promise.race([systemClock.sleep(RETRY_EVERY_MS), insisted]);
    }
  }
}
