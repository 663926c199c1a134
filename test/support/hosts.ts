/** Clusters of hosts on this machine: see `hosts/cluster.ts`, and docs/TESTING.md. */
export { canHaveOpenFiles, TestHosts } from './hosts/cluster.ts';
export type { TestHostsOptions, WorkerOptions } from './hosts/cluster.ts';
export type { HostClient } from './hosts/client.ts';
export { testFiles, totalBytes } from './hosts/files.ts';
export type { TestFile } from './hosts/files.ts';
export type { HostProcess } from './hosts/host-process.ts';
export { processesOf } from './hosts/leftovers.ts';
export { HOSTS_MISSING } from './hosts/network.ts';
export type { Meddling } from './hosts/meddler-process.ts';
export type { Toxic } from './hosts/proxy-process.ts';
export type { Served } from './hosts/s3-process.ts';
export type { ReadPlan, ReadReport } from './hosts/read-all.ts';
export { TOXIPROXY_MISSING } from './hosts/toxiproxy.ts';
