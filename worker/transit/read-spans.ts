/**
 * Which bytes of a block were read, whoever read them: what is read twice counts once.
 *
 * Always true: what it says was read was; of a block that is read in very many places it may say less.
 */
interface Span {
  fromBytes: number;
  toBytes: number;
}

/** A sequential reader makes one, eight requests that overtake each other a few; who goes to single places, many. */
const MAX_SPANS = 32;

export class ReadSpans {
  /** Apart from each other, in order. */
  #spans: Span[] = [];
  #bytes = 0;

  /** Read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  has(atBytes: number): boolean {
    return this.#spans.some(({ fromBytes, toBytes }) => fromBytes <= atBytes && atBytes < toBytes);
  }

  add(fromBytes: number, toBytes: number): void {
    const last = this.#spans.at(-1);
    if (last !== undefined && fromBytes >= last.fromBytes && fromBytes <= last.toBytes) {
      this.#bytes += Math.max(0, toBytes - last.toBytes);
      last.toBytes = Math.max(last.toBytes, toBytes);
      return;
    }
    const joined = { fromBytes, toBytes };
    const apart: Span[] = [];
    for (const span of this.#spans) {
      if (span.toBytes < joined.fromBytes || span.fromBytes > joined.toBytes) {
        apart.push(span);
        continue;
      }
      joined.fromBytes = Math.min(joined.fromBytes, span.fromBytes);
      joined.toBytes = Math.max(joined.toBytes, span.toBytes);
    }
    apart.push(joined);
    if (apart.length > MAX_SPANS) apart.shift();
    this.#spans = apart.sort((a, b) => a.fromBytes - b.fromBytes);
    this.#bytes = this.#spans.reduce((sum, span) => sum + span.toBytes - span.fromBytes, 0);
  }
}
