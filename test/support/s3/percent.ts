/**
 * Percent-encoding of bytes, as S3 means it: keys are bytes, paths and listings are ASCII.
 */
const HEX = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).toUpperCase().padStart(2, '0'),
);
const UNRESERVED = /[A-Za-z0-9\-._~]/;
const KEPT = Array.from({ length: 256 }, (_, byte) => UNRESERVED.test(String.fromCharCode(byte)));
const SLASH = 0x2f;

/** Every byte but the unreserved ones (and `/`, where it is kept) as `%XX`. */
export function encodeBytes(bytes: Uint8Array, options: { keepSlash: boolean }): string {
  let text = '';
  for (const byte of bytes) {
    const plain = KEPT[byte] === true || (byte === SLASH && options.keepSlash);
    text += plain ? String.fromCharCode(byte) : `%${HEX[byte] ?? ''}`;
  }
  return text;
}

/** `%XX` to bytes; everything else stands for itself. Broken escapes are kept as they are. */
export function decodeBytes(text: string): Buffer {
  const raw = Buffer.from(text, 'latin1');
  if (!text.includes('%')) return raw;
  const bytes = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i += 1) {
    const escape = /^%([0-9A-Fa-f]{2})/.exec(text.slice(i, i + 3));
    if (escape === null) {
      bytes[length] = raw[i] ?? 0;
    } else {
      bytes[length] = Number.parseInt(escape[1] ?? '', 16);
      i += 2;
    }
    length += 1;
  }
  return bytes.subarray(0, length);
}
