/**
 * Chance from a seed: the same numbers on every machine and in every order of asking, because each use has a
 * stream of its own.
 *
 * Source: sfc32 (PractRand, Chris Doty-Humphrey): passes its tests, and three additions a number.
 */
/** Numbers that are thrown away, until like seeds give unlike ones. */
const WARM_UP = 12;

export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param path numbers that name the stream: another path is another stream */
  constructor(seed: number, ...path: readonly number[]) {
    let hash = seed | 0;
    for (const part of path) hash = mix(hash ^ mix(part + 0x9e3779b9));
    this.#a = seed | 0;
    this.#b = hash;
    this.#c = mix(hash);
    for (let i = 0; i < WARM_UP; i += 1) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** 0 ≤ x < 1. */
  unit(): number {
    return this.uint32() / 4294967296;
  }

  /** 0 … limit − 1. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  /** Mean 0, deviation 1 (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    return radius * Math.cos(2 * Math.PI * this.unit());
  }

  /** 0 … count − 1 in random order. */
  permutation(count: number): Uint32Array {
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i += 1) {
      const at = this.below(i + 1);
      order[i] = order[at] ?? 0;
      order[at] = i;
    }
    return order;
  }
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
