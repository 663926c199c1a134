/**
 * Takes secrets out of text that may leave the machine.
 *
 * Two nets, because each alone has holes: the secrets that this process can see (environment,
 * credentials files) by their value, wherever they stand; and others by their shape: keys, signed URLs,
 * passwords in URLs, `Authorization`, fields that are named like a secret. Rather too much than too little.
 */
import fs from 'node:fs';

export const REDACTED = '[redacted]';
/** Shorter values are words that stand everywhere. */
const MIN_SECRET_LENGTH = 6;
/** A credentials file is small; what is larger is another file. */
const MAX_FILE_BYTES = 1024 * 1024;

export type Redact = (text: string) => string;

/** @param files are read if they can be */
export function createRedact(secrets: readonly string[], files: readonly string[]): Redact {
  const values = [...secrets, ...files.flatMap(secretsOfFile)]
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
    .filter((value) => value.length >= MIN_SECRET_LENGTH)
    // The longest first: one may be a part of another.
    .sort((a, b) => b.length - a.length);
  const known = [...new Set(values)];
  return (text) =>
    redactShapes(known.reduce((rest, value) => rest.replaceAll(value, REDACTED), text));
}

/**
 * JSON of a value whose texts are redacted one by one, so that it stays JSON. What is named like a secret
 * goes as a whole, except a dataset's reference to credentials, which is none.
 */
export function redactedJson(value: unknown, redact: Redact): string {
  const replace = (key: string, inner: unknown): unknown => {
    if (typeof inner !== 'string') return inner;
    if (key === 'credentials' && /^((profile|file):.*|anonymous|)$/.test(inner))
      return redact(inner);
    return IS_SECRET_NAME.test(key) && inner !== '' ? REDACTED : redact(inner);
  };
  return `${JSON.stringify(value, replace, 2)}\n`;
}

const NAME =
  '[\\w.-]*(?:secret|token|passw(?:or)?d|credential|signature|access[_-]?key|api[_-]?key|private[_-]?key|authorization)[\\w.-]*';

const IS_SECRET_NAME = new RegExp(`^${NAME}$`, 'i');

const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  // user:password@ of a URL.
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>@\\]+(?::[^\s/?#"'<>\\]*)?@/gi, `$1${REDACTED}@`],
  // The whole query of a URL: signatures have many names.
  [/([a-z][a-z0-9+.-]*:\/\/[^\s?#"'<>\\]*)\?[^\s"'<>\\]+/gi, `$1?${REDACTED}`],
  [/\b(?:AWS4-HMAC-SHA256|Bearer|Basic)\s+[^"\\\n]+/gi, REDACTED],
  [/\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|ANPA|ANVA|AIPA)[A-Z0-9]{12,}\b/g, REDACTED],
  // JSON Web Tokens.
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
  [
    new RegExp(`(["']?\\b${NAME}\\\\?["']?\\s*[:=]\\s*)\\\\?"(?:[^"\\\\]|\\\\.)*"`, 'gi'),
    `$1"${REDACTED}"`,
  ],
  [new RegExp(`(\\b${NAME}\\s*[:=]\\s*)(?!\\\\?["[])[^\\s,;&"'}\\]\\\\]+`, 'gi'), `$1${REDACTED}`],
];

/** Like an AWS secret key: 40 characters of base64. Object ids are 40 hex digits, and stay. */
const SECRET_KEY = /(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;

function redactShapes(text: string): string {
  const shaped = SHAPES.reduce((rest, [shape, instead]) => rest.replace(shape, instead), text);
  return shaped.replace(SECRET_KEY, (match) =>
    /[a-z]/.test(match) && /[A-Z]/.test(match) && /\d/.test(match) ? REDACTED : match,
  );
}

/** Every value of an INI file that is not harmless by its name, and a file of one token as a whole. */
function secretsOfFile(file: string): string[] {
  let text: string;
  try {
    if (fs.statSync(file).size > MAX_FILE_BYTES) return [];
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const lines = text.split('\n').map((line) => line.trim());
  const values = lines.flatMap(
    (line) =>
      /^(?!region|output|role_arn|source_profile)[\w.-]+\s*=\s*(\S.*)$/.exec(line)?.[1] ?? [],
  );
  return values.length > 0 ? values : [text.trim()].filter((token) => !/\s/.test(token));
}
