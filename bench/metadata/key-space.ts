/**
 * Keys that nobody stores: each is computed from its place, so that an origin of ten million costs no
 * memory and a page of it little time.
 *
 * Places are in key order. Each file has two: an even one for itself, and an odd one behind it for a file
 * that the second generation adds. Of 300 files the second generation changes one, leaves one out
 * and adds one: 1 % of changes.
 */

/** `wide`: 1,000 files in each directory; `flat`: all in one. */
export type Layout = 'wide' | 'flat';

export interface Changes {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
}

const PER_DIRECTORY = 1_000;
const CYCLE = 300;
const AT = { changed: 0, removed: 100, added: 200 };
const START_MS = Date.UTC(2026, 0, 1);

export class KeySpace {
  readonly files: number;
  readonly layout: Layout;
  generation = 1;

  constructor(layout: Layout, files: number) {
    this.layout = layout;
    this.files = files;
  }

  get places(): number {
    return this.files * 2;
  }

  /** What a listing of the second generation finds after one of the first. */
  get changes(): Changes {
    const count = (at: number) => Math.ceil((this.files - at) / CYCLE);
    const [changed, removed, added] = [count(AT.changed), count(AT.removed), count(AT.added)];
    return { added, removed, changed, unchanged: this.files - removed - changed };
  }

  has(place: number): boolean {
    const at = (place >> 1) % CYCLE;
    if (place % 2 === 1) return this.generation > 1 && at === AT.added;
    return this.generation === 1 || at !== AT.removed;
  }

  key(place: number): string {
    const file = place >> 1;
    const name = `f${String(file).padStart(8, '0')}.jpg${place % 2 === 1 ? '+' : ''}`;
    if (this.layout === 'flat') return name;
    return `d${String(Math.floor(file / PER_DIRECTORY)).padStart(5, '0')}/${name}`;
  }

  /** The first place whose key is not below `key`. */
  lowerBound(key: string): number {
    let low = 0;
    let high = this.places;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.key(middle) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** 32 hexadecimal digits that do not compress, as of real objects. */
  etag(place: number): string {
    const changed = this.generation > 1 && (place >> 1) % CYCLE === AT.changed;
    let text = '';
    for (let word = 1; word <= 4; word += 1) {
      let mixed = Math.imul(place + (changed ? 0x5bd1e995 : 0) + word * 0x9e3779b9, 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      text += ((mixed ^ (mixed >>> 16)) >>> 0).toString(16).padStart(8, '0');
    }
    return text;
  }

  sizeBytes(place: number): number {
    return 50_000 + (Math.imul(place, 0x9e3779b1) >>> 15);
  }

  modified(place: number): string {
    return new Date(START_MS + (place >> 1) * 1_000).toISOString();
  }
}
