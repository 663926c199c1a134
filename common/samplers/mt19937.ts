/**
 * The Mersenne Twister MT19937 (32 bits), as PyTorch's CPU generator and Python's `random` use it.
 *
 * Always true: the same seed gives the same numbers as theirs; golden values are in `test/golden/samplers`.
 */
const SIZE = 624;
const MIDDLE = 397;
const TWO_32 = 2 ** 32;

export class Mt19937 {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** As `torch.Generator.manual_seed`: of the seed the low 32 bits count. */
  static torch(seed: number): Mt19937 {
    const generator = new Mt19937();
    generator.#seed(seed % TWO_32);
    return generator;
  }

  /** As `random.Random(seed)` for an integer that is not negative. */
  static python(seed: number): Mt19937 {
    const generator = new Mt19937();
    const high = Math.floor(seed / TWO_32);
    generator.#seedByArray(high === 0 ? [seed >>> 0] : [seed % TWO_32, high]);
    return generator;
  }

  /** The next number: 0 … 2^32 − 1. */
  uint32(): number {
    if (this.#next === SIZE) this.#twist();
    let y = this.#state[this.#next] ?? 0;
    this.#next += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #seed(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < SIZE; i += 1) {
      const before = state[i - 1] ?? 0;
      state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
    this.#next = SIZE;
  }

  /** `init_by_array` of the reference code. */
  #seedByArray(key: readonly number[]): void {
    const state = this.#state;
    this.#seed(19650218);
    let i = 1;
    const mixed = (factor: number) => {
      const before = state[i - 1] ?? 0;
      return (state[i] ?? 0) ^ Math.imul(before ^ (before >>> 30), factor);
    };
    const step = () => {
      i += 1;
      if (i < SIZE) return;
      state[0] = state[SIZE - 1] ?? 0;
      i = 1;
    };
    for (let k = 0; k < SIZE; k += 1) {
      const j = k % key.length;
      state[i] = mixed(1664525) + (key[j] ?? 0) + j;
      step();
    }
    for (let k = 1; k < SIZE; k += 1) {
      state[i] = mixed(1566083941) - i;
      step();
    }
    state[0] = 0x80000000;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i += 1) {
      const y = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fffffff);
      const other = state[(i + MIDDLE) % SIZE] ?? 0;
      state[i] = other ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
    }
    this.#next = 0;
  }
}
