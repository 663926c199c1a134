/**
 * Validators as bytes. An ETag of 32 lower-case hex digits, with or without `-N`, becomes 16 bytes
 * and a part count; every other one stays a string, so that what is read back is what was sent.
 */
import type { Validator } from '../dataset.ts';
import {
  HASH_BYTES,
  IDENTITY_BYTES,
  MAX_ETAG_BYTES,
  VALIDATOR_HASH,
  VALIDATOR_IDENTITY,
  VALIDATOR_MODIFIED,
  VALIDATOR_TEXT,
} from './format.ts';

const HASH_DIGITS = 2 * HASH_BYTES;
const MAX_PARTS = 65535;
const DIGITS = hexDigits();

/** One validator in the form in which it is stored; reused from entry to entry. */
export class ValidatorCode {
  /** The validator bits of an entry's flags. */
  flags = VALIDATOR_MODIFIED;
  parts = 0;
  /** Of VALIDATOR_HASH. */
  readonly hash = Buffer.alloc(HASH_BYTES);
  /** Of VALIDATOR_TEXT and VALIDATOR_IDENTITY. */
  extra: Buffer | undefined = undefined;

  /** @returns false where it is nothing that a validator can be; the code is then not meaningful */
  set(validator: Validator): boolean {
    this.parts = 0;
    this.extra = undefined;
    switch (validator.kind) {
      case 'modified':
        this.flags = VALIDATOR_MODIFIED;
        return true;
      case 'file':
        this.flags = VALIDATOR_IDENTITY;
        this.extra = validator.identity;
        return validator.identity.length === IDENTITY_BYTES;
      case 'etag':
        return this.#setEtag(validator.etag);
    }
  }

  #setEtag(etag: string): boolean {
    const parts = parseHashEtag(etag, this.hash);
    if (parts >= 0) {
      this.flags = VALIDATOR_HASH;
      this.parts = parts;
      return true;
    }
    this.flags = VALIDATOR_TEXT;
    this.extra = Buffer.from(etag);
    return this.extra.length <= MAX_ETAG_BYTES;
  }
}

export function formatHashEtag(hash: Buffer, parts: number): string {
  const hex = hash.toString('hex');
  return parts === 0 ? hex : `${hex}-${String(parts)}`;
}

/** @returns the part count (0 without a dash), or −1 where the ETag must stay a string */
function parseHashEtag(etag: string, hash: Buffer): number {
  if (etag.length < HASH_DIGITS || etag.length > HASH_DIGITS + 6) return -1;
  for (let i = 0; i < HASH_BYTES; i += 1) {
    const high = DIGITS[etag.charCodeAt(2 * i)] ?? -1;
    const low = DIGITS[etag.charCodeAt(2 * i + 1)] ?? -1;
    if (high < 0 || low < 0) return -1;
    hash[i] = (high << 4) | low;
  }
  if (etag.length === HASH_DIGITS) return 0;
  const digits = etag.slice(HASH_DIGITS + 1);
  const parts = Number(digits);
  const exact = etag[HASH_DIGITS] === '-' && String(parts) === digits;
  return exact && Number.isInteger(parts) && parts >= 1 && parts <= MAX_PARTS ? parts : -1;
}

/** Lower case only: upper case would not come back as it was. */
function hexDigits(): Int8Array {
  const digits = new Int8Array(128).fill(-1);
  for (const [value, digit] of Buffer.from('0123456789abcdef').entries()) {
    digits[digit] = value;
  }
  return digits;
}
