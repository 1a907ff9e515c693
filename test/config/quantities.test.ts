import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Parsed,
  parseDuration,
  parseFillRate,
  parseMark,
  parsePercent,
  parseSize,
} from '../../src/config/quantities.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';

const PARSERS = { parseSize, parsePercent, parseMark, parseDuration, parseFillRate };

/** The second half of an error, behind the example and the text. */
const why = (parsed: Parsed<unknown>): string =>
  'problem' in parsed ? (parsed.problem.split('": ').at(-1) ?? '') : 'accepted';

describe('sizes', () => {
  test.each([
    ['512MiB', 512 * MIB],
    ['2GiB', 2 * GIB],
    ['1024KiB', MIB],
    ['1.5GiB', 1.5 * GIB],
    ['1TiB', 1024 * GIB],
    ['4096TiB', 4096 * 1024 * GIB],
    ['0KiB', 0],
    [' 64 MiB ', 64 * MIB],
    // Not a whole number of KiB: rounded down.
    ['0.1GiB', 104_857],
  ])('%s is %d KiB', (text, kib) => {
    expect(parseSize(text)).toEqual({ value: kib });
  });

  test.each([
    ['512M', 'write "512MiB" (M and MB are powers of 1000 to some tools, of 1024 to others)'],
    ['2gb', 'write "2GiB" (G and GB are powers of 1000 to some tools, of 1024 to others)'],
    ['64mib', 'write "64MiB" (M and MB are powers of 1000 to some tools, of 1024 to others)'],
    ['64', 'a bare number has no unit, write "64KiB", "64MiB" or "64GiB"'],
    ['64 pages', 'the units are KiB, MiB, GiB and TiB'],
    ['-1GiB', 'it is negative'],
    ['+1GiB', 'leave out the +'],
    ['0.5KiB', 'the smallest size is 1KiB'],
    ['4097TiB', 'no host has more than 4096TiB'],
    [`${'9'.repeat(400)}KiB`, 'no host has more than 4096TiB'],
    ['NaN', 'it does not begin with a number'],
    ['Infinity', 'it does not begin with a number'],
    ['1e3MiB', 'the units are KiB, MiB, GiB and TiB'],
    ['1,5GiB', 'the units are KiB, MiB, GiB and TiB'],
    ['', 'it does not begin with a number'],
  ])('%s is refused: %s', (text, reason) => {
    expect(why(parseSize(text))).toBe(reason);
  });
});

describe('percentages', () => {
  test.each([
    ['10%', 1000],
    ['0.5%', 50],
    ['0.29%', 29],
    ['100%', 10_000],
    ['0%', 0],
  ])('%s is %d permyriad', (text, permyriad) => {
    expect(parsePercent(text)).toEqual({ value: permyriad });
  });

  test.each([
    ['10', 'write "10%"'],
    ['100.01%', 'more than 100%'],
    ['-1%', 'it is negative'],
    ['0.125%', 'at most two digits behind the point'],
    ['%', 'it does not begin with a number'],
  ])('%s is refused: %s', (text, reason) => {
    expect(why(parsePercent(text))).toBe(reason);
  });
});

describe('marks', () => {
  test.each([
    ['10%', { kib: ABSENT, permyriad: 1000 }],
    ['2GiB', { kib: 2 * GIB, permyriad: ABSENT }],
    ['min(10%, 2GiB)', { kib: 2 * GIB, permyriad: 1000 }],
    ['min(2GiB,10%)', { kib: 2 * GIB, permyriad: 1000 }],
  ])('%s', (text, mark) => {
    expect(parseMark(text)).toEqual({ value: mark });
  });

  test.each([
    ['min(10%, 5%)', 'min() takes one percentage and one size'],
    ['min(1GiB, 2GiB)', 'min() takes one percentage and one size'],
    ['min(10%, 2G)', 'write "2GiB" (G and GB are powers of 1000 to some tools, of 1024 to others)'],
    ['min(101%, 2GiB)', 'more than 100%'],
    ['max(10%, 2GiB)', 'it does not begin with a number'],
    ['off', 'it does not begin with a number'],
  ])('%s is refused: %s', (text, reason) => {
    expect(why(parseMark(text))).toBe(reason);
  });
});

describe('durations', () => {
  test.each([
    ['30s', 30_000],
    ['100ms', 100],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['24h', 86_400_000],
    ['1.1s', 1100],
    ['0ms', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ value: ms });
  });

  test.each([
    ['5', 'a bare number has no unit, write "5s" or "5ms"'],
    ['5 sec', 'the units are ms, s, m and h'],
    ['-5s', 'it is negative'],
    ['0.5ms', 'finer than 1ms'],
    ['25h', 'more than 24h'],
  ])('%s is refused: %s', (text, reason) => {
    expect(why(parseDuration(text))).toBe(reason);
  });
});

describe('fill rates', () => {
  test('are KiB per ms, rounded up so that memory is never assumed to fill slower than written', () => {
    expect(parseFillRate('6GiB/s')).toEqual({ value: 6292 });
    expect(parseFillRate('1KiB/s')).toEqual({ value: 1 });
  });

  test.each([
    ['6GiB', 'it does not end in "/s"'],
    ['0GiB/s', 'nothing fills at rate zero'],
    ['6G/s', 'write "6GiB" (G and GB are powers of 1000 to some tools, of 1024 to others)'],
  ])('%s is refused: %s', (text, reason) => {
    expect(why(parseFillRate(text))).toBe(reason);
  });
});

test('an error shows an example and the text, cut when it is long', () => {
  expect(parseDuration('soon')).toEqual({
    problem: 'expected a duration such as "100ms", "30s" or "5m", got "soon": it does not begin with a number',
  });
  expect(JSON.stringify(parseSize('x'.repeat(5000))).length).toBeLessThan(200);
});

describe('properties', () => {
  const units = fc.constantFrom<[string, number]>(['KiB', 1], ['MiB', MIB], ['GiB', GIB], ['TiB', GIB * 1024]);

  test('whole amounts come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4096 }),
        units,
        fc.integer({ min: 0, max: 10_000 }),
        (n, [unit, kib], pm) => {
          expect(parseSize(`${n}${unit}`)).toEqual({ value: n * kib });
          expect(parsePercent(`${pm / 100}%`)).toEqual({ value: pm });
          expect(parseMark(`min(${pm / 100}%, ${n}${unit})`)).toEqual({ value: { kib: n * kib, permyriad: pm } });
          expect(parseDuration(`${n}ms`)).toEqual({ value: n });
          expect(parseDuration(`${n / 1000}s`)).toEqual({ value: n });
        },
      ),
    );
  });

  test('no text throws, and what is accepted is a whole number that is not negative', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[-+]?[0-9.]{0,20} ?[a-zA-Z%/()]{0,5}$/));
    fc.assert(
      fc.property(texts, (text) => {
        for (const parse of Object.values(PARSERS)) {
          const parsed = parse(text);
          if ('problem' in parsed) continue;
          const numbers = typeof parsed.value === 'number' ? [parsed.value] : Object.values(parsed.value);
          for (const number of numbers) expect(Number.isSafeInteger(number) && number >= ABSENT).toBe(true);
        }
      }),
    );
  });
});
