import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameRuns } from '../../../../worker/origins/name-runs.ts';

function sorted(names: readonly Buffer[]): Buffer[] {
  const runs = new NameRuns();
  for (const name of names) runs.add(name);
  runs.complete();
  const found: Buffer[] = [];
  for (let name = runs.next(); name !== undefined; name = runs.next()) found.push(name);
  return found;
}

describe('NameRuns', () => {
  it('gives names in byte order, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 255 })), (arrays) => {
        const names = arrays.map((bytes) => Buffer.from(bytes));
        expect(sorted(names)).toEqual([...names].sort((a, b) => a.compare(b)));
      }),
    );
  });

  it('merges many runs', () => {
    const count = 100_000;
    const names = Array.from({ length: count }, (_, i) =>
      Buffer.from(String((i * 61_813) % count)),
    );
    const found = sorted(names);
    expect(found).toHaveLength(count);
    expect(found.every((name, i) => i === 0 || (found[i - 1]?.compare(name) ?? 1) < 0)).toBe(true);
  });
});
