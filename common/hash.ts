/**
 * Two independent hashes that the whole cluster must agree on for ever, hence golden vectors:
 * `bandHash` over a key decides what is kept; `ownerMix` and `ownerScore` over object and worker decide who owns.
 *
 * Both are MurmurHash3 (x86, 32 bit; finalizer included) with different seeds: fast in JavaScript,
 * public, and good enough to spread keys. Neither is a defence against chosen keys.
 */
const BAND_SEED = 0x6c617264;
const OWNER_SEED = 0x6f776e65;

/** MurmurHash3_x86_32 of `bytes[0, length)`. */
export function murmur3(bytes: Uint8Array, seed: number, length: number = bytes.length): number {
  let h = seed | 0;
  const tail = length & ~3;
  for (let i = 0; i < tail; i += 4) {
    h ^= scramble(
      (bytes[i] ?? 0) |
        ((bytes[i + 1] ?? 0) << 8) |
        ((bytes[i + 2] ?? 0) << 16) |
        ((bytes[i + 3] ?? 0) << 24),
    );
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let k = 0;
  for (let i = length - 1; i >= tail; i -= 1) k = (k << 8) | (bytes[i] ?? 0);
  if (length > tail) h ^= scramble(k);
  return finalize(h ^ length);
}

/** Of a key below the dataset's prefix; 0 … 2^32 − 1. Stable across versions. */
export function bandHash(key: Uint8Array, length: number = key.length): number {
  return murmur3(key, BAND_SEED, length);
}

export function ownerHash(bytes: Uint8Array, length: number = bytes.length): number {
  return murmur3(bytes, OWNER_SEED, length);
}

/** What `ownerMix` needs of a worker for every object. @param worker `ownerHash` of the worker id */
export function ownerSeed(worker: number): number {
  return finalize(worker);
}

/**
 * One number for a worker and an object; 0 … 2^32 − 1.
 *
 * @param object `ownerHash` of the object id (and stripe)
 * @param worker `ownerHash` of the worker id
 * @param seed `ownerSeed(worker)`
 */
export function ownerMix(object: number, worker: number, seed: number): number {
  return finalize(Math.imul(object ^ seed, 0x9e3779b1) ^ worker);
}

/**
 * Weighted rendezvous score of a worker for an object: the largest owns.
 *
 * Source: −w / ln(u), "Weighted distributed hash tables" (Schindelhauer, Schomaker 2005).
 *
 * @param mixed `ownerMix` of the two
 * @param weight capacity in bytes, above 0
 */
export function ownerScore(mixed: number, weight: number): number {
  return -weight / Math.log((mixed + 0.5) / 4294967296);
}

function scramble(k: number): number {
  const a = Math.imul(k, 0xcc9e2d51);
  return Math.imul((a << 15) | (a >>> 17), 0x1b873593);
}

function finalize(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
