#!/usr/bin/env node
/**
 * The command line. Each command is a module that is loaded only when it is asked for: the FUSE
 * server, which must be back quickly after a crash, starts through here as well.
 */
import v8 from 'node:v8';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  // eslint-disable-next-line no-restricted-properties -- an older Node may not get any further
  process.stderr.write(`larder needs Node 22.15 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

// Looks odd: by default every 64 MiB of buffers that come and go start a full collection, which took
// a third of the CPU of a cold read (worker: 1.1 s of 2.9 s for 1 GiB). Counted with the heap, as later
// releases of V8 do, the same read spends 0.35 s on it.
// Only V8 13 (Node 24) has the flag: another would complain.
if (process.versions.v8.startsWith('13.')) {
  v8.setFlagsFromString('--external-memory-accounted-in-global-limit');
}

const [command] = process.argv.slice(2);
if (command === 'internal-holder' || command === 'internal-server') {
  const { runMountProcess } = await import('./mount-processes.ts');
  await runMountProcess(command, process.argv.slice(3));
} else if (command === 'internal-check') {
  const { runCheckProcess } = await import('./doctor/check-process.ts');
  runCheckProcess();
} else {
  const { run } = await import('./program.ts');
  process.exitCode = await run(process.argv.slice(2));
}
