/** What a worker answers, from the bodies of its frames. */
import { LarderError, PROTOCOL_VERSION } from '../../common/index.ts';
import { decodeJson, directoriesOf, FRAME } from '../frames/index.ts';
import type { FrameHeader, HeldAt, HeldStateBody, VersionBody } from '../frames/index.ts';

/** What a READ can be answered with besides an error. */
export type ReadAnswer =
  { readonly kind: 'data'; readonly bytes: Buffer } | Exclude<StreamAnswer, { kind: 'done' }>;

/** What a READ is answered with whose bytes were handed over as they came. */
export type StreamAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'redirect'; readonly dataAddress: string }
  | { readonly kind: 'moved'; readonly placement: number }
  | { readonly kind: 'busy'; readonly retryAfterMs: number };

export interface Answer {
  readonly header: FrameHeader;
  readonly body: Buffer;
}

/** The id of the worker. @throws {LarderError} `PROTOCOL_MISMATCH` */
export function welcomedBy({ body }: Answer): string {
  const { protocol, workerId } = decodeJson(body);
  if (protocol === PROTOCOL_VERSION) return String(workerId);
  const theirs = String(protocol);
  throw new LarderError('PROTOCOL_MISMATCH', { theirs, ours: PROTOCOL_VERSION });
}

/** Undefined where it is none to a READ. */
export function streamAnswerOf({ header, body }: Answer): StreamAnswer | undefined {
  switch (header.type) {
    case FRAME.END:
      return { kind: 'done' };
    case FRAME.REDIRECT:
      return { kind: 'redirect', dataAddress: String(decodeJson(body)['dataAddress']) };
    case FRAME.MOVED:
      return { kind: 'moved', placement: Number(decodeJson(body)['placement']) };
    case FRAME.BUSY:
      return { kind: 'busy', retryAfterMs: Number(decodeJson(body)['retryAfterMs']) };
    default:
      return undefined;
  }
}

/** Undefined where the range has to be read over the connection. */
export function heldAtOf({ header, body }: Answer): HeldAt | undefined {
  if (header.type !== FRAME.HELD_AT) return undefined;
  const { incarnation, toBytes, completeDirectory } = decodeJson(body);
  return {
    incarnation: Number(incarnation),
    toBytes: Number(toBytes),
    ...(typeof completeDirectory === 'string' ? { completeDirectory } : {}),
  };
}

export function heldStateOf({ body }: Answer): HeldStateBody {
  const { heldBytes, complete } = decodeJson(body);
  return { heldBytes: Number(heldBytes), complete: complete === true };
}

export function versionOf({ body }: Answer): VersionBody {
  const answer = decodeJson(body);
  return {
    manifestPath: String(answer['manifestPath']),
    manifestBytes: Number(answer['manifestBytes']),
    manifestPercent: Number(answer['manifestPercent']),
    completeDirectory: String(answer['completeDirectory']),
    completeDirectories: directoriesOf(answer),
  };
}
