/** A cluster whose test ends without cleaning up leaves nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { HOSTS_MISSING, processesOf } from '../support/hosts.ts';
import { eventually } from '../support/larder.ts';

const SCRIPT = path.join(import.meta.dirname, 'abandoned-process.ts');

describe.skipIf(HOSTS_MISSING !== undefined)('a cluster', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'whose owner is ended by %s leaves no process and no file',
    async (signal) => {
      const stdio = ['ignore', 'pipe', 'inherit'] as const;
      const owner = spawn(process.execPath, [SCRIPT], { stdio: [...stdio] });
      const [line] = (await once(owner.stdout, 'data')) as [Buffer];
      const directory = line.toString().trim();
      // Hosts, S3 server, master, worker, client, and the two processes of the mount.
      expect(processesOf(directory).length).toBeGreaterThan(8);
      owner.kill(signal);
      await once(owner, 'exit');
      const isGone = () => processesOf(directory).length === 0 && !fs.existsSync(directory);
      await eventually(() => (isGone() ? true : undefined), 30_000);
      expect(fs.readFileSync('/proc/mounts', 'utf8')).not.toContain(directory);
    },
  );
});
