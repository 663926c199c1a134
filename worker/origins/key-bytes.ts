/**
 * Keys are bytes. Here they become what other formats can hold: a URL's path, a URL-encoded listing.
 */

const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9\-._~/]/.test(character)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** As the path of a signed request has it: all but unreserved characters and `/` as `%XX`. */
export function encodePath(key: Uint8Array): string {
  let text = '';
  for (const byte of key) text += ENCODED[byte] ?? '';
  return text;
}

/** As a query value has it: `/` too as `%2F`. */
export function encodeQueryValue(text: string): string {
  return encodePath(Buffer.from(text)).replaceAll('/', '%2F');
}

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/**
 * The bytes of a key in a listing with `encoding-type=url`: `%XX`, and `+` for a space.
 *
 * @param text one character per byte
 * @returns undefined where an escape is broken
 */
export function decodeListedKey(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'latin1');
  if (!text.includes('%') && !text.includes('+')) return bytes;
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    let byte = bytes[i] ?? 0;
    if (byte === PLUS) byte = SPACE;
    if (byte === PERCENT) {
      byte = hexDigit(bytes[i + 1]) * 16 + hexDigit(bytes[i + 2]);
      if (Number.isNaN(byte)) return undefined;
      i += 2;
    }
    bytes[length] = byte;
    length += 1;
  }
  return bytes.subarray(0, length);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return Number.NaN;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
}
