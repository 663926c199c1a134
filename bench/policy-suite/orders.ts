/** In which order files are read, and by which node. The same on every machine. */

/** A permutation that follows from the seed. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = randomFrom(seed);
  const all = [...items];
  for (let last = all.length - 1; last > 0; last -= 1) {
    const at = Math.floor(random() * (last + 1));
    const [one, other] = [all[last], all[at]];
    if (one !== undefined && other !== undefined) [all[at], all[last]] = [one, other];
  }
  return all;
}

/** As a distributed sampler deals an order out: one after the other. */
export function dealt<T>(order: readonly T[], nodes: number): T[][] {
  return Array.from({ length: nodes }, (_, node) => order.filter((_item, i) => i % nodes === node));
}

/** Equal parts of an order, in it. */
export function parts<T>(order: readonly T[], count: number): T[][] {
  const at = (part: number) => Math.round((part * order.length) / count);
  return Array.from({ length: count }, (_, part) => order.slice(at(part), at(part + 1)));
}

/** 0 ≤ x < 1. Source: Tommy Ettinger, mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
