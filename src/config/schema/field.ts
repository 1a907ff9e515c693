/** Building blocks of the schema: every key says what it means, what it defaults to and why, and errs with a remedy. */
import * as z from 'zod';

/** A value as an error text quotes it. */
export const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `the ${typeof value} ${String(value)}`;
};

/** Error text of a schema: what should stand there and what does. */
export const expected =
  (what: string) =>
  (issue: { readonly input?: unknown }): string =>
    `expected ${what}, got ${shown(issue.input)}`;

/**
 * A key with its default as an operator writes it. `what` and `because` are printed in the shipped file and shown by
 * editors; a default without a reason does not exist.
 */
export const setting = <S extends z.ZodType>(schema: S, fallback: z.input<S>, what: string, because: string) =>
  // The generic of prefault() excludes undefined, which a type parameter cannot prove of itself.
  z
    .prefault(schema, fallback as never)
    .meta({ description: `${what}\nWhy this default: ${because}` }) as z.ZodPrefault<S>;

/** A map of settings. An empty one ("act:" with every line below it commented out) means all of its defaults. */
export const section = <S extends z.ZodRawShape>(shape: S, what: string) => {
  const filled = map(shape);
  return z
    .prefault(filled.nullable(), {} as never)
    .transform((value) => value ?? (filled.parse({}) as NonNullable<typeof value>))
    .meta({ description: what });
};

/** A strict map: unknown keys are worded by the loader, which knows their neighbours. */
export const map = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'invalid_type' ? expected('a map of keys')(issue) : undefined),
  });

export const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: expected(`one of ${values.join(', ')}`) });

export const toggle = () => z.boolean({ error: expected('true or false (YAML 1.2 knows no yes, no, on, off)') });

export const count = (least: number, most: number) => {
  const error = expected(`a whole number from ${least} to ${most}`);
  return z.int({ error }).gte(least, { error }).lte(most, { error });
};

export const text = (what: string) => z.string({ error: expected(what) });

/** A list; one that is left empty ("protect:" without items) is an empty list. */
export const list = <S extends z.ZodType>(item: S, what: string) =>
  z
    .array(item, { error: expected(what) })
    .nullable()
    .transform((value) => value ?? []);
