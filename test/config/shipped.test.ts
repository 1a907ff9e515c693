/** config/: what is shipped is what the code says. `UPDATE=1 npx vitest run --config test/vitest.config.ts test/config/shipped.test.ts` writes it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BUILTIN_PROTECTION } from '../../src/config/builtin-protection.ts';
import { createJsonSchema, keysOf, type SchemaNode } from '../../src/config/json-schema.ts';
import { policyFromSources } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { shippedFile } from '../../src/config/shipped-file.ts';
import type { Policy } from '../../src/core/policy.ts';
import { defaultPolicy, TEST_USERS } from '../support/policy.ts';

const CONFIG = new URL('../../config/', import.meta.url).pathname;
const GENERATED = {
  'oomwatchd.yaml': shippedFile,
  'schema.json': () => `${JSON.stringify(createJsonSchema(), null, 2)}\n`,
} as const;
const REMEDY = 'run: UPDATE=1 npx vitest run --config test/vitest.config.ts test/config/shipped.test.ts';

const shipped = (name: string): string => readFileSync(`${CONFIG}${name}`, 'utf8');

/** The policy without what depends on the text itself. */
const values = ({ hash: _, files: __, ...rest }: Policy) => rest;
const load = (text: string): Policy => defaultPolicy(text);

/** Settings are commented out by "#" directly before the key, prose by "# ". */
const uncomment = (text: string): string => text.replaceAll(/^( *)#(?=[a-z_]+: )/gm, '$1');

beforeAll(() => {
  const { UPDATE } = process.env;
  if (UPDATE !== '1') return;
  for (const [name, make] of Object.entries(GENERATED)) writeFileSync(`${CONFIG}${name}`, make());
  execFileSync('npx', ['biome', 'format', '--write', `${CONFIG}schema.json`], { stdio: 'ignore' });
});

test('config/oomwatchd.yaml is fresh', () => {
  expect(shipped('oomwatchd.yaml'), REMEDY).toBe(shippedFile());
});

test('config/schema.json is fresh', () => {
  expect(JSON.parse(shipped('schema.json')), REMEDY).toEqual(JSON.parse(GENERATED['schema.json']()));
});

describe('config/oomwatchd.yaml', () => {
  test('begins with the line that gives editors the schema', () => {
    expect(shipped('oomwatchd.yaml').split('\n')[0]).toBe('# yaml-language-server: $schema=./schema.json');
  });

  test('as shipped is exactly the defaults', () => {
    expect(values(load(shipped('oomwatchd.yaml')))).toEqual(values(defaultPolicy()));
  });

  test('with every line turned on is exactly the defaults', () => {
    const text = uncomment(shipped('oomwatchd.yaml'));
    const user = 'report.user is the only default that a host may lack';
    const loaded = policyFromSources([{ file: 'all.yaml', label: '', text }], {
      ...TEST_USERS,
      byName: new Map([...TEST_USERS.byName, ['oomwatchd', { uid: 65534, gid: 65533 }]]),
    });
    if ('errors' in loaded) throw new Error(loaded.errors.map(formatProblem).join('\n'));
    expect(values(loaded.policy), user).toEqual(values(defaultPolicy()));
  });

  test('shows every key there is, with its default and why', () => {
    const tree = parse(uncomment(shipped('oomwatchd.yaml')));
    const expectAll = (node: SchemaNode, given: Record<string, unknown>, path: string): void => {
      expect([...keysOf(node).keys()], path).toEqual(Object.keys(given));
      for (const [key, child] of keysOf(node)) {
        const value = given[key];
        if (child.default === undefined) expectAll(child, value as Record<string, unknown>, `${path}.${key}`);
        else {
          expect(value, `${path}.${key}`).toEqual(child.default);
          expect(child.description, `${path}.${key}`).toMatch(/\nWhy this default: \S/);
        }
      }
    };
    expectAll(createJsonSchema(), tree, '');
  });

  test('lists every built-in protection with its reason, and nothing else', () => {
    const text = shipped('oomwatchd.yaml');
    const list = text.slice(text.indexOf('The built-in list'), text.indexOf('#builtin_protection'));
    // Long lines are wrapped, so words are compared.
    const words = (lines: string[]): string[] => lines.flatMap((line) => line.replace(/^ *# /, '').trim().split(/ +/));
    const expected = BUILTIN_PROTECTION.flatMap(({ name, reason, unit, exe, root }) => [
      `${name}: ${reason}`,
      ...(unit ? [`units ${unit.join(', ')}`] : []),
      ...(exe ? [`programs${root ? ' run by root' : ''} ${exe.join(', ')}`] : []),
    ]);
    expect(words(list.trim().split('\n').slice(1))).toEqual(words(expected));
  });

  test('the example rules in it are valid', () => {
    const text = shipped('oomwatchd.yaml');
    const example = text
      .slice(text.indexOf('# Rules look like this:'), text.indexOf('\nselect:'))
      .split('\n')
      .slice(1)
      .map((line) => line.replace('# ', ''))
      .join('\n')
      .replace('libvirt-qemu', 'nobody');
    const ids = load(`select:\n${example}`).select.rules.map(({ id }) => id);
    expect(ids.filter((id) => !id.startsWith('builtin:'))).toHaveLength(4);
  });

  test('fits a terminal', () => {
    for (const line of shipped('oomwatchd.yaml').split('\n')) expect(line.length).toBeLessThanOrEqual(116);
  });
});

describe('config/examples', () => {
  const names = readdirSync(`${CONFIG}examples`);

  test('there are some', () => {
    expect(names.length).toBeGreaterThanOrEqual(3);
  });

  test.each(names)('%s loads as a drop-in and changes something', (name) => {
    expect(name).toMatch(/\.yaml$/);
    const text = shipped(`examples/${name}`);
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schema.json');
    const loaded = policyFromSources(
      [
        { file: 'oomwatchd.yaml', label: '', text: shipped('oomwatchd.yaml') },
        { file: name, label: `${name}:`, text },
      ],
      TEST_USERS,
    );
    if ('errors' in loaded) throw new Error(loaded.errors.map(formatProblem).join('\n'));
    expect(values(loaded.policy)).not.toEqual(values(defaultPolicy()));
    for (const rule of loaded.policy.select.rules) expect(rule.reason).not.toMatch(/^configured in/);
  });
});
