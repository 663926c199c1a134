/** Other workers: connections to them, what they have, and reading from them. */
export { noKeepers } from './keepers.ts';
export type { Keepers } from './keepers.ts';
export { PeerLinks } from './peer-links.ts';
export type { PeerCounters, PeerLinksOptions } from './peer-links.ts';
export { PeerReads } from './peer-reads.ts';
export type { PeerRead, PeerReadEnd, PeerReadsOptions, ReadOrigin } from './peer-reads.ts';
