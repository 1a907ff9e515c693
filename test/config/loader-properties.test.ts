import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createJsonSchema, keysOf, type SchemaNode } from '../../src/config/json-schema.ts';
import { type Loaded, policyFromSources } from '../../src/config/load.ts';
import { TEST_USERS } from '../support/policy.ts';

const load = (...texts: string[]): Loaded =>
  policyFromSources(
    texts.map((text, index) => ({ file: `${index}.yaml`, label: '', text })),
    TEST_USERS,
  );

/** Either a policy, or at least one problem, and each with a place that exists. */
const expectWellFormed = (loaded: Loaded, texts: string[]): void => {
  if ('policy' in loaded) return;
  expect(loaded.errors.length).toBeGreaterThan(0);
  for (const { file, line, column, message } of loaded.errors) {
    const lines = texts[Number.parseInt(file, 10)]?.split('\n') ?? [];
    expect(line).toBeGreaterThan(0);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThan(0);
    expect(message).not.toBe('');
    // What the schema library would say by itself: every message must be our own.
    expect(message).not.toMatch(/^(Invalid|Too (small|big)|Unrecognized)/);
  }
};

const allKeys = (node: SchemaNode): string[] =>
  [...keysOf(node)].flatMap(([key, child]) => [key, ...allKeys(child), ...allKeys(child.anyOf?.[0]?.items ?? {})]);
const KEYS = [...new Set(allKeys(createJsonSchema()))];

/** Maps that use real keys in right and wrong places, with values of all types. */
const trees = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('10%', '2GiB', 'off', '5s', 'min(5%, 1GiB)', 'or', 'enforce', 'root', 'a.service', '/bin/x'),
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('map'),
  ),
  map: fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('value'), { maxKeys: 6 }),
}));

test('no text makes the loader throw', () => {
  const yamlish = fc.array(
    fc.constantFrom(
      ...KEYS,
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '*',
      '&a',
      '!',
      '"',
      "'",
      '#',
      '|',
      '%',
      '\t',
      '5s',
    ),
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    yamlish.map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => expectWellFormed(load(text), [text])),
    { numRuns: 500 },
  );
});

test('no tree of values makes the loader throw, alone or merged with another', () => {
  fc.assert(
    fc.property(trees.map, trees.map, (first, second) => {
      const texts = [stringify(first), stringify(second)];
      expectWellFormed(load(...texts), texts);
    }),
    { numRuns: 300 },
  );
});

test('a file that is valid alone stays valid above the defaults, and the same file twice changes no value', () => {
  const durations = fc.integer({ min: 100, max: 1000 }).map((ms) => `${ms}ms`);
  fc.assert(
    fc.property(durations, durations, fc.constantFrom('and', 'or'), (hold, term, combine) => {
      const text = `detect: { combine: ${combine} }\nact: { hold_off: ${hold}, term_timeout: ${term} }\n`;
      const once = load(text);
      const twice = load(text, text);
      expect('policy' in once && 'policy' in twice && twice.policy.act).toEqual('policy' in once && once.policy.act);
    }),
    { numRuns: 30 },
  );
});
