/** Pieces of JSON Schema, and a way to have the compiler compare a schema with the type that it describes. */

export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const whole: Schema = { type: 'integer', minimum: 0 };
export const number: Schema = { type: 'number' };
export const flag: Schema = { type: 'boolean' };
export const time: Schema = { type: 'string', format: 'date-time' };

export function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

type OptionalKey<T> = {
  [K in keyof T]-?: object extends Pick<T, K> ? K : never;
}[keyof T];

/**
 * An object with these fields and no others. Every field of the type must have its schema; those that the type lets
 * be absent may be.
 */
export function object<T extends object>(
  properties: { readonly [K in keyof Required<T>]: Schema },
  optional: readonly (OptionalKey<T> & string)[] = [],
): Schema {
  const required = Object.keys(properties).filter(
    (name) => !(optional as readonly string[]).includes(name),
  );
  return { type: 'object', additionalProperties: false, required, properties };
}

/** A path or a name in a request. */
export const name: Schema = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      additionalProperties: false,
      required: ['base64'],
      properties: { base64: { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$' } },
    },
  ],
  description: 'Text, or {"base64": …} where the name is not UTF-8.',
};
