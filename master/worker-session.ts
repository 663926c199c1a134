/**
 * One Join stream: the worker behind it, and the commands that are running on it.
 *
 * Always true: a command ends with the stream it was given on, at the latest; the worker cancels what
 * ran for a stream that is gone. A command's listeners are called at most until its result.
 */
import { LarderError } from '../common/index.ts';
import type { Clock, PlacementMember } from '../common/index.ts';
import type { MasterMessage } from '../proto/generated/larder/v1/MasterMessage.ts';
import type { AuditPart__Output } from '../proto/generated/larder/v1/AuditPart.ts';
import type { ObjectResults__Output } from '../proto/generated/larder/v1/ObjectResults.ts';
import type { VisitCounts__Output } from '../proto/generated/larder/v1/VisitCounts.ts';
import { withDeadline } from './async.ts';

export interface CommandListener {
  /** With the failure, or undefined for success. The last call. */
  onEnd(failure: LarderError | undefined): void;
  onObjects?(results: ObjectResults__Output): void;
  onAudit?(part: AuditPart__Output): void;
  onVisit?(counts: VisitCounts__Output): void;
}

export interface WorkerSessionOptions {
  readonly member: PlacementMember;
  readonly incarnation: string;
  readonly softwareVersion: string;
  send(message: MasterMessage): Promise<void>;
  /** Gives numbers that no other command ever had. */
  nextCommand(): number;
}

export class WorkerSession {
  readonly member: PlacementMember;
  readonly incarnation: string;
  readonly softwareVersion: string;
  /** Whether it has reported all that it holds on this stream. */
  heldReported = false;
  readonly #options: WorkerSessionOptions;
  readonly #commands = new Map<number, CommandListener>();
  readonly #closed = new AbortController();

  constructor(options: WorkerSessionOptions) {
    this.member = options.member;
    this.incarnation = options.incarnation;
    this.softwareVersion = options.softwareVersion;
    this.#options = options;
  }

  get workerId(): string {
    return this.member.workerId;
  }

  /** Fires when the stream is gone, or has to go. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Resolves when the worker's side took it, or the stream is gone. */
  send(message: MasterMessage): Promise<void> {
    return this.#options.send(message);
  }

  /** Gives a command; returns its number. */
  start(make: (command: number) => MasterMessage, listener: CommandListener): number {
    const command = this.#options.nextCommand();
    if (this.closed.aborted) {
      listener.onEnd(this.#goneError());
      return command;
    }
    this.#commands.set(command, listener);
    void this.send(make(command));
    return command;
  }

  /** Tells the worker to stop. The listener is not called again. */
  cancel(command: number): void {
    if (this.#commands.delete(command)) void this.send({ cancel: { command } });
  }

  end(command: number, failure: LarderError | undefined): void {
    const listener = this.#commands.get(command);
    this.#commands.delete(command);
    listener?.onEnd(failure);
  }

  objects(results: ObjectResults__Output): void {
    this.#commands.get(results.command)?.onObjects?.(results);
  }

  audit(part: AuditPart__Output): void {
    this.#commands.get(part.command)?.onAudit?.(part);
  }

  visit(counts: VisitCounts__Output): void {
    this.#commands.get(counts.command)?.onVisit?.(counts);
  }

  /** Ends every command. @param reason is also why the stream ends */
  close(reason: LarderError): void {
    if (this.closed.aborted) return;
    this.#closed.abort(reason);
    const listeners = [...this.#commands.values()];
    this.#commands.clear();
    for (const listener of listeners) listener.onEnd(this.#goneError());
  }

  #goneError(): LarderError {
    return new LarderError('UNAVAILABLE', {
      worker: this.workerId,
      node: this.member.node,
      what: 'the worker went away',
    });
  }
}

/** Whether the process behind a stream is there. */
export async function answersProbe(
  session: WorkerSession,
  timeoutMs: number,
  clock: Clock,
): Promise<boolean> {
  const answer = new Promise<boolean>((resolve) => {
    session.start((command) => ({ probe: { command } }), {
      onEnd: () => resolve(!session.closed.aborted),
    });
  });
  return await withDeadline(answer, timeoutMs, clock, 'a claim').catch(() => false);
}
