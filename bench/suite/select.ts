/** `--only ROW,…`: rows by name, or by the beginning of their names. */
import type { Row, Suite } from './row.ts';

export function selectRows(rows: readonly Row[], suite: Suite, only: string): Row[] {
  const ofSuite = rows.filter((row) => row.contenders[suite] !== undefined);
  const wanted = only.split(',').filter((name) => name !== '');
  if (wanted.length === 0) return ofSuite;
  const unknown = wanted.filter((name) => !ofSuite.some((row) => isNamed(row, name)));
  if (unknown.length > 0) {
    const names = ofSuite.map((row) => row.name).join(', ');
    throw new Error(`there is no row ${unknown.join(', ')}; there are: ${names}`);
  }
  return ofSuite.filter((row) => wanted.some((name) => isNamed(row, name)));
}

/** A name that is whole means its row alone, also where others begin with it. */
function isNamed(row: Row, name: string): boolean {
  return row.name === name || row.name.startsWith(`${name}-`);
}
