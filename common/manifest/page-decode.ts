/** From the stored bytes of a page to a `Page` of which everything was checked. */
import { zstdDecompressSync } from 'node:zlib';
import { blockCount } from '../block-math.ts';
import { LarderError } from '../errors.ts';
import type { PageRow } from './footer.ts';
import {
  HASH_BYTES,
  HEADER,
  HEADER_WORDS,
  KIND_DIRECTORY,
  KIND_MASK,
  KIND_SYMLINK,
  TOTALS_WORDS,
  VALIDATOR_HASH,
  VALIDATOR_MASK,
  bodyColumns,
  bodyLayout,
  corrupt,
} from './format.ts';
import type { Where } from './format.ts';
import { Page } from './page.ts';
import type { PageBounds } from './page.ts';
import { checkEntries } from './page-checks.ts';

/** @throws {LarderError} `MANIFEST_CORRUPT` naming page and entry */
export function decodePage(stored: Buffer, row: PageRow, bounds: PageBounds, where: Where): Page {
  const body = unpack(stored.subarray(HASH_BYTES * row.hashes), row.bodyBytes, where);
  const header = new Uint32Array(body.buffer, body.byteOffset, HEADER_WORDS);
  const counts = {
    entries: header[HEADER.entries] ?? 0,
    directories: header[HEADER.directories] ?? 0,
    owners: header[HEADER.owners] ?? 0,
    nameBytes: header[HEADER.nameBytes] ?? 0,
    extraBytes: header[HEADER.extraBytes] ?? 0,
  };
  const at = bodyLayout(counts);
  const agrees =
    counts.entries === row.entries &&
    header[HEADER.level] === row.level &&
    header[HEADER.firstIndex] === row.firstIndex &&
    header[HEADER.firstBlock] === row.firstBlock &&
    header[HEADER.hashes] === row.hashes &&
    at.end === body.length;
  if (!agrees) throw corrupt(where, 'its header does not agree with the footer');
  const hashes = stored.subarray(0, HASH_BYTES * row.hashes);
  const page = new Page(row, body, bodyColumns(body, counts), hashes, at.names);
  rebuild(page, at.names, bounds.blockSizeBytes);
  checkEntries(page, row, bounds, where);
  return page;
}

/** Fills in what follows from the entries before: where names begin, block numbers, places. */
function rebuild(page: Page, names: number, blockSizeBytes: number): void {
  const { columns: c, nameStart, firstBlock, place, body, entries } = page;
  let name = names;
  let block = c.header[HEADER.firstBlock] ?? 0;
  let total = 0;
  let hash = 0;
  let extra = page.extraStart;
  for (let i = 0; i < entries; i += 1) {
    const flags = c.flags[i] ?? 0;
    nameStart[i] = name;
    name += c.nameLength[i] ?? 0;
    block = (block + (c.gap[i] ?? 0)) >>> 0;
    firstBlock[i] = block;
    const kind = flags & KIND_MASK;
    const validator = flags & VALIDATOR_MASK;
    if (kind === KIND_DIRECTORY) {
      place[i] = total;
      block += c.totals[total + 1] ?? 0;
      total += TOTALS_WORDS;
      continue;
    }
    if (validator === VALIDATOR_HASH) {
      place[i] = hash;
      hash += HASH_BYTES;
    } else if (kind === KIND_SYMLINK || validator !== 0) {
      place[i] = extra - page.extraStart;
      extra += 2 + ((body[extra] ?? 0) | ((body[extra + 1] ?? 0) << 8));
    }
    if (kind !== KIND_SYMLINK) block += blockCount(page.sizeBytes(i), blockSizeBytes);
  }
  nameStart[entries] = name;
}

function unpack(packed: Buffer, bodyBytes: number, where: Where): Buffer {
  let body: Buffer;
  try {
    // The chunk is the whole body: the default one of 16 KiB makes many small buffers of it.
    const chunkSize = Math.max(64, bodyBytes);
    body = zstdDecompressSync(packed, { chunkSize, maxOutputLength: chunkSize });
  } catch (cause) {
    const { code, facts } = corrupt(where, 'it does not decompress');
    throw new LarderError(code, facts, { cause });
  }
  if (body.length !== bodyBytes || bodyBytes < 4 * HEADER_WORDS) {
    throw corrupt(where, 'it does not have the length that the footer says');
  }
  return body.byteOffset % 4 === 0 ? body : Buffer.from(new Uint8Array(body).buffer);
}
