/** A plan as JSON of somebody who need not say of which dataset and version it is. */
import { LarderError } from '../errors.ts';
import { MAX_PLAN_BYTES } from '../limits.ts';
import { parsePlan } from './plan.ts';
import type { PlanRequest } from './plan.ts';

/** @throws {LarderError} `INVALID_ARGUMENT`, also where it is of another dataset or version */
export function planRequestOf(
  json: string,
  of: { readonly dataset: string; readonly version: number },
): PlanRequest {
  const value = parseObject(json);
  const { dataset, version } = parsePlan(JSON.stringify({ ...of, ...value }));
  if (dataset !== of.dataset || (version !== 0 && version !== of.version)) {
    throw new LarderError('INVALID_ARGUMENT', {
      what: 'a plan of another dataset or version',
      plan: `${dataset}@v${String(version)}`,
      expected: `${of.dataset}@v${String(of.version)}`,
    });
  }
  return value as PlanRequest;
}

function parseObject(json: string): object {
  // What is too large is not taken apart.
  if (json.length > MAX_PLAN_BYTES) parsePlan(json);
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below as what else is wrong with it.
  }
  parsePlan(json);
  return {};
}
