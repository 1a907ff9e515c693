/**
 * config/incident-schema.json is kept by hand. That every document fits it is asked in document.test.ts; here, that both have the
 * same keys: one that the schema alone has would be promised and never come, and a row that no example has would be unproven.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { IncidentDocument } from '../../../../src/report/incident/document/document.ts';
import { type NoticeResult, noticeRow } from '../../../../src/report/incident/incident-head.ts';
import { exampleWith } from '../example.ts';
import { play, recordingOf } from '../recorded.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const published: Schema = JSON.parse(
  readFileSync(new URL('../../../../config/incident-schema.json', import.meta.url), 'utf8'),
);

/** "choices[].passed_over[].why": all that the schema names. */
const keysOf = ({ properties = {}, items }: Schema, path = ''): string[] => [
  ...Object.entries(properties).flatMap(([key, schema]) => [`${path}.${key}`, ...keysOf(schema, `${path}.${key}`)]),
  ...(items === undefined ? [] : keysOf(items, `${path}[]`)),
];

/** The same of a document, as deep as the schema names keys: below a map of any keys it does not. */
const keysIn = (value: unknown, schema: Schema, path = ''): string[] => {
  if (Array.isArray(value)) return value.flatMap((each) => keysIn(each, schema.items ?? {}, `${path}[]`));
  const { properties } = schema;
  if (properties === undefined || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [
    `${path}.${key}`,
    ...keysIn(each, properties[key] ?? {}, `${path}.${key}`),
  ]);
};

const examples = (): IncidentDocument[] => {
  const documents = [exampleWith(), recordingOf('enforce-6.18'), recordingOf('observe-6.18')].flatMap((each) =>
    play(each),
  );
  const result: NoticeResult = {
    ...{ name: 'ops', kind: 'webhook', result: 'ok', attempts: 1, durationMs: 80, detail: '' },
  };
  for (const document of documents) document.notices = [noticeRow(result)];
  return documents;
};

const sorted = (keys: readonly string[]): string[] => [...new Set(keys)].sort();

const written = (document: IncidentDocument): string[] => keysIn(JSON.parse(JSON.stringify(document)), published);

test('documents have the keys that the schema names, and no others', () => {
  expect(sorted(examples().flatMap(written))).toEqual(sorted(keysOf(published)));
});

test('a key that is in one of both alone is found, however deep it lies', () => {
  const [document] = examples() as [IncidentDocument];
  Object.assign(document.signals[0]?.victim ?? {}, { more: 1 });
  expect(keysOf(published)).not.toContain('.signals[].victim.more');
  expect(written(document)).toContain('.signals[].victim.more');
  expect(keysOf({ items: { properties: { never: {} } } })).toEqual(['[].never']);
});
