/**
 * Divides the kept region over the datasets.
 *
 * A cached byte of a dataset is worth the bytes a second that are read of it over its size: each of its bytes is
 * read so often. The region goes to the datasets in that order, each all that it can use. So what nobody reads
 * loses first; of such datasets each keeps the same share, because nothing is known of them.
 *
 * Always true:
 *   - quotas add up to no more than the region, and none is more than the dataset or its own limit;
 *   - while everything fits, everything has a place;
 *   - of datasets that are worth about the same the one that is there stays: noise moves nothing.
 */
export interface QuotaClaim {
  readonly datasetId: number;
  /** Of the dataset, what this worker serves. */
  readonly sizeBytes: number;
  /** What its owner allows it; Infinity where nothing was said. */
  readonly limitBytes: number;
  /** Read, a second; 0: by nobody. */
  readonly bytesPerSecond: number;
  /** Of it, what is kept now. */
  readonly heldBytes: number;
}

export interface Quota {
  readonly datasetId: number;
  readonly quotaBytes: number;
  /** 0 is worth most. What is worth the same has different ranks. */
  readonly rank: number;
}

/** Worths within this factor are one: rates that are measured vary by a tenth and more. */
const WORTH_STEP = 1.25;

/** Costs a sort of the claims, and nothing where all fit. */
export function planQuotas(claims: readonly QuotaClaim[], regionBytes: number): Quota[] {
  const ranked = claims.map((claim) => ({ claim, worth: worthClass(claim) })).sort(worthMostFirst);
  let leftBytes = regionBytes;
  let unreadBytes = 0;
  for (const { claim } of ranked) if (claim.bytesPerSecond <= 0) unreadBytes += wanted(claim);
  let unreadShare = 0;
  return ranked.map(({ claim }, rank) => {
    const { datasetId } = claim;
    if (claim.bytesPerSecond > 0) {
      const quotaBytes = Math.min(wanted(claim), leftBytes);
      leftBytes -= quotaBytes;
      return { datasetId, quotaBytes, rank };
    }
    // They come last: what is left now is theirs.
    unreadShare ||= unreadBytes <= leftBytes ? 1 : leftBytes / unreadBytes;
    return { datasetId, quotaBytes: Math.floor(wanted(claim) * unreadShare), rank };
  });
}

/** What a dataset can use. */
export function wanted({ sizeBytes, limitBytes }: QuotaClaim): number {
  return Math.min(sizeBytes, limitBytes);
}

interface Ranked {
  readonly claim: QuotaClaim;
  readonly worth: number;
}

function worthMostFirst(a: Ranked, b: Ranked): number {
  if (a.worth !== b.worth) return b.worth - a.worth;
  const held = heldShare(b.claim) - heldShare(a.claim);
  return held === 0 ? a.claim.datasetId - b.claim.datasetId : held;
}

function worthClass({ bytesPerSecond, sizeBytes }: QuotaClaim): number {
  if (bytesPerSecond <= 0) return -Infinity;
  return Math.round(Math.log(bytesPerSecond / Math.max(1, sizeBytes)) / Math.log(WORTH_STEP));
}

function heldShare({ heldBytes, sizeBytes }: QuotaClaim): number {
  return sizeBytes === 0 ? 0 : heldBytes / sizeBytes;
}
