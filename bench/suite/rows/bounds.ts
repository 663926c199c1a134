/**
 * What bounds each row, one sentence, from the profiles (`--profile ROW`) of the machine that
 * docs/PERFORMANCE.md names. A row that is not here was not looked at.
 */
export const BOUNDS: Readonly<Record<string, string>> = {};
