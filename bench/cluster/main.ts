/** Prints what a full report costs. */
import { measureFullReport } from './full-report.ts';

for (const [name, value] of Object.entries(await measureFullReport())) {
  process.stdout.write(`${name}: ${String(Math.round(Number(value) * 10) / 10)}\n`);
}
