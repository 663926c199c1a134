/** Files of a dataset that the kernel is to read by itself. */
import { expect } from 'vitest';
import type { TestFile, TestHosts } from './hosts.ts';
import { eventually } from './larder.ts';

/** On each of the nodes all files are read through a mount, until they are passed through there. */
export async function passedThrough(
  hosts: TestHosts,
  nodes: readonly string[],
  { name, files }: { readonly name: string; readonly files: readonly TestFile[] },
): Promise<void> {
  for (const node of nodes) {
    const client = await hosts.client(node);
    const mountpoint = await hosts.mount(node, name, '--open-mode', 'passthrough');
    for (const file of files) {
      expect((await client.opened({ mountpoint, file })).isRight).toBe(true);
    }
    for (const file of files) {
      const what = { mountpoint, file };
      await eventually(async () => {
        const mode = await client.attribute('user.larder.mode', what);
        return mode === 'passthrough' ? true : undefined;
      }, 60_000);
      expect(await client.opened(what)).toEqual({ mode: 'passthrough', isRight: true });
      const status = await client.attribute('user.larder.status', what);
      expect(status).toBe('held');
    }
    await hosts.unmount(node, mountpoint);
  }
}
