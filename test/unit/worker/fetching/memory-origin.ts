/** An origin in memory whose bytes follow from key and offset, with faults and delays on demand. */
import { createHash } from 'node:crypto';
import { LarderError } from '../../../../common/index.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import type { ByteSink, Origin, OriginRead } from '../../../../worker/origins/origin.ts';

export interface MemoryOriginOptions {
  /** Bytes per call of the sink; default 64 KiB. */
  readonly pieceBytes?: number;
}

export class MemoryOrigin implements Origin {
  readonly counters = { gets: 0, bytes: 0, refusals: 0 };
  readonly reads: { key: string; offsetBytes: number; lengthBytes: number }[] = [];
  /** Called before each piece; may wait, or throw. */
  beforePiece: (read: OriginRead, sentBytes: number) => Promise<void> | void = () => undefined;
  running = 0;
  maxRunning = 0;
  aborted = 0;
  readonly #pieceBytes: number;
  readonly #changed = new Set<string>();

  constructor(options: MemoryOriginOptions = {}) {
    this.#pieceBytes = options.pieceBytes ?? 64 * 1024;
  }

  change(key: string): void {
    this.#changed.add(key);
  }

  async *list(): AsyncGenerator<never> {}

  async read(request: OriginRead, sink: ByteSink): Promise<void> {
    const { object, offsetBytes, lengthBytes, signal } = request;
    const key = object.key.toString();
    this.counters.gets += 1;
    this.reads.push({ key, offsetBytes, lengthBytes });
    this.running += 1;
    this.maxRunning = Math.max(this.maxRunning, this.running);
    try {
      for (let sent = 0; sent < lengthBytes;) {
        await this.beforePiece(request, sent);
        await Promise.resolve();
        if (signal.aborted) this.aborted += 1;
        signal.throwIfAborted();
        if (this.#changed.has(key)) throw new LarderError('ORIGIN_CHANGED', { key });
        const length = Math.min(this.#pieceBytes, lengthBytes - sent);
        this.counters.bytes += length;
        await sink(contentOf(object.key, offsetBytes + sent, length));
        sent += length;
      }
    } finally {
      this.running -= 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const PATTERN_BYTES = 1_000_003;
const patterns = new Map<string, Buffer>();

/** The bytes that an object of this key has at an offset. */
export function contentOf(key: Buffer, offsetBytes: number, lengthBytes: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(lengthBytes);
  const pattern = patternOf(key);
  for (let at = 0; at < lengthBytes;) {
    const from = (offsetBytes + at) % PATTERN_BYTES;
    at += pattern.copy(bytes, at, from, Math.min(PATTERN_BYTES, from + lengthBytes - at));
  }
  return bytes;
}

function patternOf(key: Buffer): Buffer {
  const seed = key.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 7);
  const name = String(seed);
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    pattern = Buffer.alloc(PATTERN_BYTES);
    let state = seed | 1;
    for (let i = 0; i < PATTERN_BYTES; i += 1) {
      state = Math.imul(state, 1664525) + 1013904223;
      // Never 0: zeros are what a hole would show.
      pattern[i] = (state >>> 24) | 1;
    }
    if (patterns.size > 64) patterns.clear();
    patterns.set(name, pattern);
  }
  return pattern;
}

export function refOf(name: string, sizeBytes: number, more: Partial<ObjectRef> = {}): ObjectRef {
  return {
    objectId: createHash('sha1').update(name).digest('hex'),
    key: Buffer.from(name),
    sizeBytes,
    blockSizeBytes: 1024 * 1024,
    firstBlock: 0,
    datasetId: 1,
    mtimeS: 1,
    mtimeNs: 0,
    validator: { kind: 'etag', etag: name },
    ...more,
  };
}
