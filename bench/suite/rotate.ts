/** Each begins a round in its turn: what one leaves in the machine's memory meets all of them. */
export function rotated<T>(items: readonly T[], by: number): T[] {
  const first = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
