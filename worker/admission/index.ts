/** What is worth keeping, and what goes first. Decides only. */
export { Admission } from './admission.ts';
export type {
  AdmissionOptions,
  AheadUse,
  Candidate,
  EvictionOrder,
  Newcomer,
  Region,
  RoomAhead,
  Shortage,
} from './admission.ts';
export { LookAhead } from './look-ahead.ts';
export type { PlanRate } from './look-ahead.ts';
export { FULL_BAND, thresholdFor } from './threshold.ts';
