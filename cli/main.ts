#!/usr/bin/env node
/**
 * The command line. Each command is a module that is loaded only when it is asked for: the FUSE
 * server, which must be back quickly after a crash, starts through here as well.
 *
 * Always true: this file is understood by much older releases of Node, which have no top-level await
 * and no `??`, because it is the one that tells them that they are too old.
 */
import v8 from 'node:v8';

const OLDEST = [22, 15] as const;

async function main(): Promise<void> {
  // Looks odd: by default every 64 MiB of buffers that come and go start a full collection, which took
  // a third of the CPU of a cold read (worker: 1.1 s of 2.9 s for 1 GiB). Counted with the heap, as later
  // releases of V8 do, the same read spends 0.35 s on it.
  // Only V8 13 (Node 24) has the flag: another would complain. Not in a master, which moves no bytes of files, and whose
  // buffers are those of listings: refreshes of 1 M keys took 449 to 480 MiB of RSS with it, 311 without.
  if (process.versions.v8.startsWith('13.') && process.argv[2] !== 'master') {
    v8.setFlagsFromString('--external-memory-accounted-in-global-limit');
  }
  const [command, ...args] = process.argv.slice(2);
  if (command === 'internal-holder' || command === 'internal-server') {
    try {
      const { runMountProcess } = await import('./mount-processes.ts');
      await runMountProcess(command, args);
    } catch (error) {
      tellHolder(error);
      throw error;
    }
  } else if (command === 'internal-check') {
    const { runCheckProcess } = await import('./doctor/check-process.ts');
    runCheckProcess();
  } else if (command === 'internal-mount-helper') {
    const { mountHelper } = await import('./commands/mount-helper.ts');
    process.exitCode = await mountHelper(args);
  } else {
    const { run } = await import('./program.ts');
    process.exitCode = await run(process.argv.slice(2));
  }
}

/** Such as that a file of the installation is missing. */
function tellHolder(error: unknown): void {
  const what = error instanceof Error ? error.message : String(error);
  if (process.send) process.send({ kind: 'failed', code: 'INTERNAL', facts: { what } });
}

const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  const needed = OLDEST.join('.');
  // eslint-disable-next-line no-restricted-properties -- an older Node may not get any further
  process.stderr.write(`larder needs Node ${needed} or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  void main();
}
