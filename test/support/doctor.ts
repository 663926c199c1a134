/** `larder doctor --json`, as tests read it. */
import type { TestLarder } from './larder.ts';

export interface TestFinding {
  readonly check: string;
  readonly level: 'ok' | 'note' | 'warning' | 'problem';
  readonly what: string;
  readonly remedy?: string;
}

export interface DoctorReport {
  readonly code: number;
  readonly findings: readonly TestFinding[];
  /** `level what` of one check, a line each. */
  of(check: string): string;
}

export async function runDoctor(
  larder: TestLarder,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<DoctorReport> {
  const { code, stdout, stderr } = await larder.run(['doctor', ...args, '--json'], env);
  if (stdout === '') throw new Error(`doctor printed nothing: ${stderr}`);
  const { findings } = JSON.parse(stdout) as { findings: TestFinding[] };
  return {
    code,
    findings,
    of: (check) =>
      findings
        .filter((finding) => finding.check === check)
        .map(({ level, what }) => `${level} ${what}`)
        .join('\n'),
  };
}
