/** Prints what a full report costs; with the word `memory` what the view of all reports takes. */
import { measureFullReport } from './full-report.ts';
import { measureHeldMemory } from './held-memory.ts';

const isMemory = process.argv[2] === 'memory';
const figures = isMemory ? measureHeldMemory() : await measureFullReport();
for (const [name, value] of Object.entries(figures)) {
  process.stdout.write(`${name}: ${String(Math.round(Number(value) * 10) / 10)}\n`);
}
