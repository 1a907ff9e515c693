import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, quoted, visible } from '../../src/report/printable.ts';
import { comm, hostile } from './events.ts';

/** What no terminal and no log may get: controls, format characters, lone surrogates, line separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** As the kernel's bytes reach us. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('printable', () => {
  test.each([
    ['java', 'java'],
    [asBytes('Café'), 'Café'],
    [asBytes('数据库'), '数据库'],
    ['caf\xe9', 'caf\\xe9'],
    [asBytes('数据库').slice(0, 7), '数据\\xe5'],
    ['\xc0\xaf', '\\xc0\\xaf'],
    ['a\nb\tc\x1b[31m', 'a\\nb\\tc\\x1b[31m'],
    [asBytes('\u009b31m'), '\\x9b31m'],
    [asBytes('\u202egpj'), '\\u{202e}gpj'],
    [asBytes('a\u200bb'), 'a\\u{200b}b'],
    [asBytes('\ufeffx'), '\\u{feff}x'],
    [asBytes('\u0301x'), '\\u{0301}x'],
    [asBytes('e\u0301'), 'e\u0301'],
    ['a\u00a0b', 'a\\xa0b'],
    ['schon dekodiert: \u2026', 'schon dekodiert: \u2026'],
    ['\ud83d', '\\u{d83d}'],
    ['', ''],
  ])('shows %j as %j', (raw, shown) => {
    expect(printable(raw)).toBe(shown);
  });

  test('bounds its result', () => {
    expect(printable('x'.repeat(100), 10)).toBe(`${'x'.repeat(10)}...`);
    expect(printable('\x01'.repeat(100), 10)).toBe('\\x01\\x01...');
  });

  test('never lets anything unsafe through and never throws', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 300 }), (raw, limit) => {
        const shown = printable(raw, limit);
        expect(shown).not.toMatch(UNSAFE);
        expect(shown.length).toBeLessThanOrEqual(limit + 3);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('visible', () => {
  test.each([
    ['Café', 'Café'],
    ['数据库\u001b[2J', '数据库\\x1b[2J'],
    ['caf\u0085', 'caf\\x85'],
  ])('leaves of %j what has been decoded: %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(visible(shown)).toBe(shown);
  });

  test('bounds its result', () => {
    expect(visible('é'.repeat(100), 10)).toBe(`${'é'.repeat(10)}...`);
    expect(visible('x'.repeat(10), 10)).toBe('x'.repeat(10));
  });
});

describe('quoted', () => {
  test.each([
    ['java', 'java'],
    ['kworker/0:1', 'kworker/0:1'],
    ['foo) (pid 1', '"foo) (pid 1"'],
    ['a"b', '"a\\"b"'],
    ['', '""'],
  ])('shows %j as %s', (raw, shown) => {
    expect(quoted(raw)).toBe(shown);
  });

  test('cannot be left by any name', () => {
    fc.assert(
      fc.property(comm, (raw) => {
        const shown = quoted(raw);
        expect(shown).toMatch(/^(?:[\w.+\-:/@#]+|"(?:[^"]|\\")*")$/u);
        if (shown.startsWith('"')) expect(shown.slice(1, -1).replaceAll('\\"', '')).not.toContain('"');
      }),
      { numRuns: 2000 },
    );
  });
});
