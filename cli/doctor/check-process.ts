/** The child that puts one question for `isolated.ts`, and ends. */
import fs from 'node:fs/promises';
import { asLarderError, systemClock, systemCode } from '../../common/index.ts';
import { lastParts } from './logs.ts';
import type { ChildAnswer, ChildRequest } from './isolated.ts';

export function runCheckProcess(): void {
  process.once('message', (request) => {
    void answer(request as ChildRequest)
      .catch((error: unknown): ChildAnswer => {
        return { kind: 'failed', message: asLarderError(error).message };
      })
      .then(tell);
  });
}

async function answer(request: ChildRequest): Promise<ChildAnswer> {
  if (request.kind === 'touch') {
    tell({ kind: 'started' });
    const startMs = systemClock.monotonicMs();
    const code = await touchHere(request.path);
    return { kind: 'touched', code, tookMs: Math.round(systemClock.monotonicMs() - startMs) };
  }
  if (request.kind === 'logs') {
    tell({ kind: 'started' });
    return { kind: 'logs', logs: lastParts(request.places) };
  }
  // Loaded here: a touch does without.
  const { CHECKS } = await import('./checks.ts');
  const check = CHECKS.find(({ name }) => name === request.name);
  if (check === undefined) return { kind: 'failed', message: `no check ${request.name}` };
  tell({ kind: 'started' });
  return { kind: 'observations', observations: await check.run(request.subject) };
}

async function touchHere(path: string): Promise<string> {
  try {
    await fs.statfs(path);
    return '';
  } catch (error) {
    return systemCode(error) ?? String(error);
  }
}

function tell(message: ChildAnswer): void {
  process.send?.(message);
}
