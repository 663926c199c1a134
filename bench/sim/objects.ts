/** The dataset of a simulation: how many objects, how large, and where the two hashes put them. */
import { BAND_BUCKETS, bandHash, MIB } from '../../common/index.ts';
import { SeededRandom } from '../../common/forecast/index.ts';

export interface SizeModel {
  readonly meanBytes: number;
  /** 0: all the same. Else normal, cut at a hundredth of the mean. */
  readonly deviationBytes: number;
}

export const BLOCKS: SizeModel = { meanBytes: 4 * MIB, deviationBytes: 0 };

export class Objects {
  readonly count: number;
  readonly sizes: Float64Array;
  readonly totalBytes: number;
  /** `bandHash` of each key. */
  readonly band: Uint32Array;
  /** Bytes per bucket of the band hash, as a manifest has them. */
  readonly bandBytes: Float64Array;

  readonly #byBand = new Map<number, number[]>();

  constructor(sizes: Float64Array, keyOf: (object: number) => string = keyOfNumber) {
    this.count = sizes.length;
    this.sizes = sizes;
    this.band = Uint32Array.from(sizes, (_, object) => bandHash(Buffer.from(keyOf(object))));
    this.bandBytes = new Float64Array(BAND_BUCKETS);
    let totalBytes = 0;
    for (let object = 0; object < this.count; object += 1) {
      const bucket = Math.floor(((this.band[object] ?? 0) / 2 ** 32) * BAND_BUCKETS);
      this.bandBytes[bucket] = (this.bandBytes[bucket] ?? 0) + (sizes[object] ?? 0);
      totalBytes += sizes[object] ?? 0;
    }
    this.totalBytes = totalBytes;
  }

  /** Those with this band hash: mostly one. */
  ofBand(band: number): readonly number[] {
    if (this.#byBand.size === 0) {
      for (const [object, one] of this.band.entries()) {
        const others = this.#byBand.get(one);
        if (others === undefined) this.#byBand.set(one, [object]);
        else others.push(object);
      }
    }
    return this.#byBand.get(band) ?? [];
  }

  static of(count: number, { meanBytes, deviationBytes }: SizeModel, seed: number): Objects {
    const random = new SeededRandom(seed, 1);
    const leastBytes = meanBytes / 100;
    return new Objects(
      new Float64Array(count).map(() =>
        deviationBytes === 0
          ? meanBytes
          : Math.round(Math.max(leastBytes, meanBytes + deviationBytes * random.normal())),
      ),
    );
  }
}

function keyOfNumber(object: number): string {
  return `data/${String(object)}`;
}
