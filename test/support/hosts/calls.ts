/** Calls to a process that this one has started, over its IPC channel: a name and JSON, and JSON back. */
import type { ChildProcess } from 'node:child_process';

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code: string };
}

/** An error of the other process, with its code where it had one. */
export class CallError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The side that asks. Each call settles at the latest when the process has ended. */
export class ProcessCalls {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => {
      const answer = message as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    child.once('exit', () => {
      const error = { message: 'the process has ended', code: 'ENDED' };
      for (const [id, settle] of this.#waiting) settle({ id, error });
      this.#waiting.clear();
    });
  }

  async call(name: string, argument: unknown): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      const call: Call = { id, name, argument };
      this.#child.send(call, (cause) => {
        if (cause !== null) resolve({ id, error: { message: cause.message, code: 'ENDED' } });
      });
    });
    if (answer.error === undefined) return answer.result;
    throw new CallError(`${name}: ${answer.error.message}`, answer.error.code);
  }
}

/** The side that answers; says that it is ready. Ends with the other one. */
export function answerCalls(
  handlers: Readonly<Record<string, (argument: never) => unknown>>,
  ready: Readonly<Record<string, string | number>>,
): void {
  process.on('message', (message) => {
    const { id, name, argument } = message as Call;
    void (async () => handlers[name]?.(argument as never))()
      .then(
        (result): Answer => ({ id, result: result ?? null }),
        (error: unknown): Answer => ({ id, error: described(error) }),
      )
      .then((answer) => process.send?.(answer));
  });
  process.once('disconnect', () => process.exit());
  process.send?.({ kind: 'ready', details: ready });
}

function described(error: unknown): { message: string; code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: '' };
  return { message: error.message, code: 'code' in error ? String(error.code) : '' };
}
