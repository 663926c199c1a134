/**
 * HTTP as a script speaks it, with every header its own; each answer is compared with what the OpenAPI document of the
 * server says of it.
 */
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of an answer that is JSON. */
  readonly json: unknown;
}

type Json = Readonly<Record<string, unknown>>;
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

export async function send(
  address: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Buffer,
): Promise<Answer> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  return await new Promise((resolve, reject) => {
    const call = request({ host, port, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(parts).toString();
        const isJson = response.headers['content-type']?.startsWith(JSON_TYPE) === true;
        const json: unknown = isJson ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    call.once('error', reject);
    call.end(body);
  });
}

export class HttpClient {
  readonly address: string;
  #document: Promise<OpenApi> | undefined;

  constructor(address: string) {
    this.address = address;
  }

  async document(): Promise<OpenApi> {
    this.#document ??= send(this.address, 'GET', '/openapi.json').then(
      ({ json }) => json as OpenApi,
    );
    return await this.#document;
  }

  /** Throws where the answer is not what the document says. */
  async call(method: string, path: string, body?: unknown, accept = '*/*'): Promise<Answer> {
    const headers = { accept, ...(body === undefined ? {} : { 'content-type': JSON_TYPE }) };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await send(this.address, method, path, headers, text);
    const schema = schemaOf(await this.document(), method, path, answer);
    const wrong = schema === undefined ? ['no such answer'] : differences(answer.json, schema, '');
    if (answer.json !== undefined && wrong.length > 0) {
      throw new Error(`${method} ${path} ${answer.status}: ${wrong.join('; ')}\n${answer.text}`);
    }
    return answer;
  }

  async get(path: string): Promise<unknown> {
    return (await this.call('GET', path)).json;
  }

  async post(path: string, body: unknown = {}): Promise<unknown> {
    return (await this.call('POST', path, body)).json;
  }
}

const JSON_TYPE = 'application/json';

function schemaOf(
  { paths }: OpenApi,
  method: string,
  path: string,
  { status }: Answer,
): Json | undefined {
  const parts = path.split('?')[0]?.split('/') ?? [];
  const matches = (pattern: string) =>
    pattern.split('/').length === parts.length &&
    pattern.split('/').every((part, i) => part.startsWith('{') || part === parts[i]);
  // Of two patterns the one with fewer parameters.
  const [found = ''] = Object.keys(paths)
    .filter(matches)
    .sort((a, b) => count(a) - count(b));
  const operation = paths[found]?.[method.toLowerCase()] as
    { responses: Readonly<Record<string, { content?: Json }>> } | undefined;
  const responses = operation?.responses ?? {};
  const response = responses[String(status)] ?? responses[`${String(status)[0] ?? ''}XX`];
  return (response?.content?.[JSON_TYPE] as { schema: Json } | undefined)?.schema;
}

function count(pattern: string): number {
  return pattern.split('{').length;
}

/** What of a value is not as its schema says: of as much of JSON Schema as the API uses. */
export function differences(value: unknown, schema: Json, at: string): string[] {
  const options = schema['anyOf'] as readonly Json[] | undefined;
  if (options !== undefined) {
    const fits = options.some((option) => differences(value, option, at).length === 0);
    return fits ? [] : [`${at} fits none`];
  }
  if ('const' in schema && value !== schema['const']) return [`${at} is not the constant`];
  const allowed = schema['enum'] as readonly unknown[] | undefined;
  if (allowed?.includes(value) === false) return [`${at}: ${String(value)} is not allowed`];
  const type = schema['type'] as string | undefined;
  if (type !== undefined && !isOfType(value, type)) return [`${at} is not of type ${type}`];
  if (type === 'array') {
    return (value as unknown[]).flatMap((item, i) =>
      differences(item, schema['items'] as Json, `${at}[${i}]`),
    );
  }
  return type === 'object' ? ofObject(value as Json, schema, at) : [];
}

function ofObject(value: Json, schema: Json, at: string): string[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Json>>;
  const others = schema['additionalProperties'] as Json | boolean | undefined;
  const missing = ((schema['required'] ?? []) as readonly string[]).filter((it) => !(it in value));
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const known = properties[name] ?? (typeof others === 'object' ? others : undefined);
      if (known !== undefined) return differences(one, known, `${at}.${name}`);
      return others === false ? [`${at}.${name} is not in the schema`] : [];
    }),
  ];
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isSafeInteger(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
