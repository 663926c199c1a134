/**
 * Faults on demand: which requests (method, operation, key, the nth of them) get which fault.
 *
 * Decides only; `s3-server.ts` and `send-body.ts` carry faults out.
 */
export type S3Operation =
  'list' | 'listBuckets' | 'headBucket' | 'head' | 'get' | 'put' | 'delete' | 'createBucket';

export type FaultAction =
  /** An error as S3 words it, or any other answer. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Instead of the XML. */
      readonly body?: string;
    }
  /** The headers promise the range; the connection closes cleanly after `afterBytes` of it. */
  | { readonly kind: 'shortBody'; readonly afterBytes: number }
  /** A whole, well-formed answer whose Content-Length is `lessBytes` below the range. */
  | { readonly kind: 'shortLength'; readonly lessBytes: number }
  /** TCP reset after `afterBytes` of the body. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** More bytes than the range: in Content-Length, or in chunks without a length. */
  | { readonly kind: 'extraBytes'; readonly bytes: number; readonly framing: 'length' | 'chunked' }
  /** The right bytes in chunks, without Content-Length. */
  | { readonly kind: 'chunked' }
  | { readonly kind: 'contentRange'; readonly value: string }
  /** Another range than asked for, honestly labelled. */
  | { readonly kind: 'otherRange'; readonly shiftBytes: number }
  /** 200 and the whole object. */
  | { readonly kind: 'ignoreRange' }
  | { readonly kind: 'ignoreConditions' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing more after `afterBytes` of the body; below 0: not even headers. */
  | { readonly kind: 'hang'; readonly afterBytes: number }
  /** The right bytes, a few at a time. */
  | { readonly kind: 'trickle'; readonly pieceBytes: number; readonly everyMs: number }
  /** Other content under this request; its ETag is the object's where none is given. */
  | { readonly kind: 'swap'; readonly bytes: Buffer; readonly etag?: string }
  | { readonly kind: 'unsorted' }
  /** The connection closes before an answer. */
  | { readonly kind: 'drop' };

export interface FaultRule {
  readonly action: FaultAction;
  readonly method?: string;
  readonly operation?: S3Operation;
  /** Matched against the key as Latin-1 text. */
  readonly key?: RegExp;
  /** The first matching request that gets the fault; default 1. */
  readonly nth?: number;
  /** How many requests get it; default 1. */
  readonly times?: number;
}

export interface FaultSubject {
  readonly method: string;
  readonly operation: S3Operation;
  readonly key: Buffer;
}

export class Faults {
  #rules: { readonly rule: FaultRule; matched: number; fired: number }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, matched: 0, fired: 0 });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault for this request: the first rule that is due. Counts the match. */
  next(subject: FaultSubject): FaultAction | undefined {
    let due: FaultAction | undefined;
    for (const entry of this.#rules) {
      if (!matches(entry.rule, subject)) continue;
      entry.matched += 1;
      const { nth = 1, times = 1 } = entry.rule;
      if (due !== undefined || entry.matched < nth || entry.fired >= times) continue;
      entry.fired += 1;
      due = entry.rule.action;
    }
    return due;
  }
}

function matches(rule: FaultRule, subject: FaultSubject): boolean {
  return (
    (rule.method === undefined || rule.method === subject.method) &&
    (rule.operation === undefined || rule.operation === subject.operation) &&
    (rule.key === undefined || rule.key.test(subject.key.toString('latin1')))
  );
}
