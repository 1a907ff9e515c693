import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/document.ts';
import { formatProblem } from '../../src/config/problem.ts';

const problemsIn = (text: string): string[] => {
  const parsed = parseConfig({ file: 'c.yaml', label: '', text });
  return Array.isArray(parsed) ? parsed.map(formatProblem) : [];
};
const parse = (text: string) => {
  const parsed = parseConfig({ file: 'c.yaml', label: '', text });
  if (Array.isArray(parsed)) throw new Error(parsed.map(formatProblem).join('\n'));
  return parsed;
};

describe('what YAML refuses', () => {
  test.each([
    ['mode: observe\nmode: enforce\n', 'c.yaml:2:1: duplicate key mode: keep only one of them'],
    [
      'a: {b: 1\n',
      'c.yaml:2:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    ['a:\n\tb: 1\n', 'c.yaml:2:1: not valid YAML: Tabs are not allowed as indentation'],
    [
      'unit:\n  - *.service\n',
      'c.yaml:2:5: *.service refers to nothing; quote a glob that begins with *, as in "*.service"',
    ],
    ['a: !!binary x\n', 'c.yaml:1:4: not valid YAML: Unresolved tag: tag:yaml.org,2002:binary'],
  ])('%j', (text, line) => {
    expect(problemsIn(text)).toContain(line);
  });

  test('a second document is not ignored', () => {
    expect(problemsIn('mode: observe\n---\nmode: enforce\n')).toEqual([
      'c.yaml:2:1: a second document begins here; remove the "---"',
    ]);
  });

  test('several faults are told together', () => {
    expect(problemsIn('a: 1\na: 2\nb: 1\nb: 2\n')).toHaveLength(2);
  });

  test('aliases that multiply and nesting without end are told, not thrown', () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]`;
    expect(problemsIn(bomb)[0]).toContain('not usable as YAML');
    expect(problemsIn(`mode:\n  ${'['.repeat(100_000)}`)[0]).toBe(
      'c.yaml:2:34: nested deeper than 32 levels, which no setting needs',
    );
    expect(problemsIn('- '.repeat(100_000))[0]).toContain('nested deeper');
    expect(problemsIn('{a: '.repeat(100_000))[0]).toContain('nested deeper');
  });
});

describe('a document', () => {
  test('that is empty or only comments is an empty map', () => {
    for (const text of ['', '# nothing\n', '---\n']) expect(parse(text).tree).toEqual({});
  });

  test('keeps texts as they are written, also under an old YAML version', () => {
    expect(parse('%YAML 1.1\n---\na: off\nb: yes\nc: 2026-11-22\nd: 0755\n').tree).toEqual({
      a: 'off',
      b: 'yes',
      c: '2026-11-22',
      d: 755,
    });
  });

  test('locates values, list items, keys and, for what is missing, the nearest parent', () => {
    const document = parse('# head\nselect:\n  protect:\n    - unit: a\n    - unit: [b, c]\n');
    expect(document.locate(['select', 'protect', 1, 'unit', 1])).toEqual({ line: 5, column: 17 });
    expect(document.locate(['select', 'protect', 1, 'exe'])).toEqual({ line: 5, column: 7 });
    expect(document.locate(['select', 'protect', 9])).toEqual({ line: 4, column: 5 });
    expect(document.locate(['act', 'hold_off'])).toEqual({ line: 2, column: 1 });
    expect(document.locateKey(['select'], 'protect')).toEqual({ line: 3, column: 3 });
    expect(document.locateKey([], 'select')).toEqual({ line: 2, column: 1 });
    expect(document.has(['select', 'protect'])).toBe(true);
    expect(document.has(['select', 'avoid'])).toBe(false);
    expect(parse('').locate(['mode'])).toEqual({ line: 1, column: 1 });
    expect(parse('[1]').locateKey([], 'x')).toEqual({ line: 1, column: 1 });
  });

  test('locates keys that YAML reads as numbers', () => {
    expect(parse('a: 1\n7: 1\n').locateKey([], '7')).toEqual({ line: 2, column: 1 });
  });
});
