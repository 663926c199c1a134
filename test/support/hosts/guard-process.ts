/**
 * `node guard-process.ts DIRECTORY`: ends the cluster of that directory when whoever holds this process's
 * stdin has ended, in whatever way.
 */
import { sweep } from './leftovers.ts';

const [, , directory = ''] = process.argv;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.resume();
process.stdin.once('end', () => {
  sweep(directory);
});
