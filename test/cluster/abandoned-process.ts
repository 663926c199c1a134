/** `node abandoned-process.ts`: starts a cluster with a mount, says where, and stays. */
import { testFiles, TestHosts } from '../support/hosts.ts';

const hosts = await TestHosts.start({ workers: 1 });
await hosts.dataset('d', testFiles(1, 1_000));
await hosts.mount('w1', 'd');
process.stdout.write(`${hosts.directory}\n`);
setInterval(() => undefined, 1_000_000);
