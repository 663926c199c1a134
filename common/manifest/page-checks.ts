/** What is checked of every entry of a decoded page, before anybody sees the page. */
import { blockCount } from '../block-math.ts';
import { MAX_SYMLINK_BYTES } from '../limits.ts';
import type { PageRow } from './footer.ts';
import {
  HASH_BYTES,
  HIDDEN,
  IDENTITY_BYTES,
  KIND_DIRECTORY,
  KIND_FILE,
  KIND_MASK,
  KIND_SYMLINK,
  MARKED,
  MAX_ETAG_BYTES,
  OWNER_WORDS,
  SAFE_HIGH,
  TWO_32,
  UNUSED_FLAGS,
  VALIDATOR_HASH,
  VALIDATOR_IDENTITY,
  VALIDATOR_MASK,
  VALIDATOR_TEXT,
  corrupt,
} from './format.ts';
import type { Where } from './format.ts';
import { SLASH, isDots } from './keys.ts';
import type { Page, PageBounds } from './page.ts';

const NS_PER_S = 1e9;

/** @throws {LarderError} `MANIFEST_CORRUPT` naming page and entry */
export function checkEntries(page: Page, row: PageRow, bounds: PageBounds, where: Where): void {
  checkAreas(page, where);
  const nul = page.body.subarray(page.nameStart[0], page.extraStart).indexOf(0);
  const slash = page.body.subarray(page.nameStart[0], page.extraStart).indexOf(SLASH);
  if (nul >= 0 || slash >= 0) throw corrupt(where, 'a name has a NUL or a slash in it');
  if (page.compare(0, row.firstKey) !== 0) {
    throw corrupt(where, 'it does not begin with the name that the footer says', 0);
  }
  for (let i = 0; i < page.entries; i += 1) {
    const problem = checkColumns(page, i, bounds) ?? checkName(page, i, row.level);
    if (problem !== undefined) throw corrupt(where, problem, i);
  }
}

/** The areas of variable length hold exactly what the entries say: no more, no less. */
function checkAreas(page: Page, where: Where): void {
  const { columns: c, body, entries } = page;
  let directories = 0;
  let hashes = 0;
  let extra = page.extraStart;
  for (let i = 0; i < entries; i += 1) {
    const flags = c.flags[i] ?? 0;
    const validator = flags & VALIDATOR_MASK;
    if ((flags & KIND_MASK) === KIND_DIRECTORY) {
      directories += 1;
    } else if (validator === VALIDATOR_HASH) {
      hashes += 1;
    } else if ((flags & KIND_MASK) === KIND_SYMLINK || validator !== 0) {
      if (extra + 2 > body.length) throw corrupt(where, 'its extra bytes end too early', i);
      const bytes = body.readUInt16LE(extra);
      extra += 2 + bytes;
      if (extra > body.length) throw corrupt(where, 'its extra bytes end too early', i);
      if (!extraFits(page, i, validator, bytes)) {
        throw corrupt(where, 'its target or validator has an impossible length', i);
      }
    }
  }
  const exact =
    page.nameStart[entries] === page.extraStart &&
    4 * directories === c.totals.length &&
    HASH_BYTES * hashes === page.hashes.length &&
    extra === body.length;
  if (!exact) throw corrupt(where, 'its parts do not add up to its length');
}

function extraFits(page: Page, slot: number, validator: number, bytes: number): boolean {
  if (validator === VALIDATOR_IDENTITY) return bytes === IDENTITY_BYTES;
  if (validator === VALIDATOR_TEXT) return bytes <= MAX_ETAG_BYTES;
  return bytes > 0 && bytes <= MAX_SYMLINK_BYTES && page.sizeBytes(slot) === bytes;
}

function checkColumns(page: Page, slot: number, bounds: PageBounds): string | undefined {
  const c = page.columns;
  const flags = c.flags[slot] ?? 0;
  const mtimeHigh = c.mtimeHigh[slot] ?? 0;
  const parent = c.parent[slot] ?? 0;
  if ((flags & UNUSED_FLAGS) !== 0) return 'its flags are not of this format';
  if (mtimeHigh < -SAFE_HIGH || mtimeHigh >= SAFE_HIGH) return 'its time is out of range';
  if ((c.mtimeNs[slot] ?? 0) >= NS_PER_S) return 'its time is out of range';
  if (OWNER_WORDS * (c.owner[slot] ?? 0) >= c.owners.length) return 'its owner does not exist';
  if (parent >= bounds.parents) return 'its directory does not exist';
  if (slot > 0 && parent < (c.parent[slot - 1] ?? 0)) return 'it comes before its directory';
  switch (flags & KIND_MASK) {
    case KIND_FILE:
      return checkFile(page, slot, bounds);
    case KIND_DIRECTORY:
      return checkDirectory(page, slot, bounds);
    case KIND_SYMLINK:
      return (flags & ~HIDDEN) === KIND_SYMLINK ? undefined : 'its flags contradict each other';
    default:
      return 'its kind does not exist';
  }
}

function checkFile(page: Page, slot: number, bounds: PageBounds): string | undefined {
  if ((page.flags(slot) & MARKED) !== 0) return 'its flags contradict each other';
  if ((page.columns.high[slot] ?? 0) >= SAFE_HIGH) return 'its size is out of range';
  const blocks = blockCount(page.sizeBytes(slot), bounds.blockSizeBytes);
  const end = (page.firstBlock[slot] ?? 0) + blocks;
  return end > bounds.nextBlock ? 'its blocks are out of range' : undefined;
}

function checkDirectory(page: Page, slot: number, bounds: PageBounds): string | undefined {
  const flags = page.flags(slot);
  if ((flags & ~MARKED) !== KIND_DIRECTORY) return 'its flags contradict each other';
  if (page.firstChild(slot) + page.childCount(slot) > bounds.children) {
    return 'its children do not exist';
  }
  const { totals } = page.columns;
  const bytesHigh = totals[(page.place[slot] ?? 0) + 3] ?? 0;
  return bytesHigh >= SAFE_HIGH || bytesHigh * TWO_32 > Number.MAX_SAFE_INTEGER
    ? 'its totals are out of range'
    : undefined;
}

/** Names within one directory are strictly in order, and none is empty, `.` or `..`. */
function checkName(page: Page, slot: number, level: number): string | undefined {
  const { body, nameStart, columns } = page;
  const start = nameStart[slot] ?? 0;
  const length = columns.nameLength[slot] ?? 0;
  if (level === 0) return length === 0 && page.isDirectory(slot) ? undefined : 'it is no root';
  if (length === 0 || isDots(body, start, length)) return 'its name is not a name';
  if (slot === 0 || columns.parent[slot] !== columns.parent[slot - 1]) return undefined;
  return comesAfter(page, slot) ? undefined : 'its name is out of order';
}

/** Whether the sort key of an entry is above that of the entry before. */
function comesAfter(page: Page, slot: number): boolean {
  const { body, nameStart, columns } = page;
  const a = nameStart[slot - 1] ?? 0;
  const b = nameStart[slot] ?? 0;
  const aBytes = columns.nameLength[slot - 1] ?? 0;
  const bBytes = columns.nameLength[slot] ?? 0;
  const most = aBytes < bBytes ? aBytes : bBytes;
  let i = 0;
  while (i < most && body[a + i] === body[b + i]) i += 1;
  if (i < most) return (body[a + i] ?? 0) < (body[b + i] ?? 0);
  const nextA = i < aBytes ? (body[a + i] ?? 0) : page.isDirectory(slot - 1) ? SLASH : -1;
  const nextB = i < bBytes ? (body[b + i] ?? 0) : page.isDirectory(slot) ? SLASH : -1;
  return nextA < nextB;
}
