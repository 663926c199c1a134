/** What is worth keeping, and what goes first. Decides only. */
export { totalDecisions } from './decision-counts.ts';
export type { CountedDecision } from './decision-counts.ts';
export { Admission } from './admission.ts';
export type { AdmissionOptions, Sized } from './admission.ts';
export type { Expected } from './dataset-share.ts';
export { LookAhead } from './look-ahead.ts';
export type { PlannedRows } from './next-uses.ts';
export type { Protection } from './protections.ts';
export { planQuotas } from './quotas.ts';
export type { QuotaClaim } from './quotas.ts';
export { ReadRates } from './read-rates.ts';
export { FULL_BAND, thresholdFor, withoutEmptyBuckets } from './threshold.ts';
export { ANYONE } from './types.ts';
export type {
  AheadUse,
  Candidate,
  Capacity,
  Decision,
  Described,
  EvictionOrder,
  EvictionReason,
  Newcomer,
  Placed,
  PlaceReason,
  Region,
  RoomAhead,
  Shortage,
  Victim,
} from './types.ts';
