/**
 * Patterns of paths, as shells have them: `*` and `?` within a name, `[a-z]` and `[!a-z]` for one character, and
 * `**` for any number of directories. One that matches a directory matches all that is below it.
 *
 * Always true: no pattern takes more than (its length) × (the path's length) steps, whoever wrote it.
 */

const MAGIC = /[*?[]/;

/** Any number of directories. */
const ANY_DEPTH = '**';

type Test = (character: string) => boolean;
/** One character, or any number of them. */
type Step = Test | '*';
type Segment = readonly Step[] | typeof ANY_DEPTH;

export function isPattern(path: Buffer): boolean {
  return MAGIC.test(path.toString());
}

export class PathPattern {
  /** The directory that all it matches is below: its names up to the first with a `*`, `?` or `[`. */
  readonly base: Buffer;
  readonly #segments: readonly Segment[];

  constructor(pattern: Buffer) {
    const names = pattern.toString().split('/').filter(Boolean);
    const first = names.findIndex((name) => MAGIC.test(name));
    this.base = Buffer.from(names.slice(0, Math.max(0, first)).join('/'));
    this.#segments = names.map((name) => (name === ANY_DEPTH ? ANY_DEPTH : stepsOf(name)));
  }

  /** @param key of a file, below the root */
  matches(key: Buffer): boolean {
    const names = key.toString().split('/');
    // Which parts of the pattern the names so far may have used up.
    let reached = this.#closure(new Set([0]));
    for (const name of names) {
      const next = new Set<number>();
      for (const at of reached) {
        const segment = this.#segments[at];
        if (segment === undefined) continue;
        if (segment === ANY_DEPTH) next.add(at);
        else if (matchesName(segment, name)) next.add(at + 1);
      }
      reached = this.#closure(next);
      if (reached.has(this.#segments.length)) return true;
    }
    return false;
  }

  /** `**` may also stand for no directory. */
  #closure(reached: Set<number>): Set<number> {
    for (const at of reached) if (this.#segments[at] === ANY_DEPTH) reached.add(at + 1);
    return reached;
  }
}

function stepsOf(name: string): Step[] {
  const steps: Step[] = [];
  const characters = Array.from(name);
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '*') steps.push('*');
    else if (character === '?') steps.push(() => true);
    else if (character === '[') {
      const end = characters.indexOf(']', at + 2 + (characters[at + 1] === '!' ? 1 : 0));
      if (end < 0) steps.push((one) => one === '[');
      else {
        steps.push(setOf(characters.slice(at + 1, end)));
        at = end;
      }
    } else steps.push((one) => one === character);
  }
  return steps;
}

/** @param inside what stands between the brackets */
function setOf(inside: readonly string[]): Test {
  const isNot = inside[0] === '!';
  const ranges: [from: string, to: string][] = [];
  for (let at = isNot ? 1 : 0; at < inside.length; at += 1) {
    const from = inside[at] ?? '';
    const to = inside[at + 1] === '-' ? inside[at + 2] : undefined;
    ranges.push([from, to ?? from]);
    if (to !== undefined) at += 2;
  }
  return (one) => ranges.some(([from, to]) => one >= from && one <= to) !== isNot;
}

/** Goes back to the last `*` only: an earlier one has nothing to gain. */
function matchesName(steps: readonly Step[], name: string): boolean {
  const characters = Array.from(name);
  let step = 0;
  let star = -1;
  let retry = 0;
  for (let at = 0; at < characters.length;) {
    const test = steps[step];
    if (test === '*') {
      star = step;
      retry = at;
      step += 1;
    } else if (test?.(characters[at] ?? '') === true) {
      step += 1;
      at += 1;
    } else if (star >= 0) {
      step = star + 1;
      retry += 1;
      at = retry;
    } else return false;
  }
  return steps.slice(step).every((rest) => rest === '*');
}
