import { describe, expect, test } from 'vitest';
import { count, percent, size, sizeOf, span } from '../../src/report/amount.ts';

describe('amounts', () => {
  test.each([
    [0, '0 KiB'],
    [512, '512 KiB'],
    [1024, '1.0 MiB'],
    [412 * 1024, '412 MiB'],
    [1023.7 * 1024, '1.0 GiB'],
    [2.3 * 1024 ** 2, '2.3 GiB'],
    [9.96 * 1024 ** 2, '10 GiB'],
    [1.5 * 1024 ** 3, '1.5 TiB'],
    [5000 * 1024 ** 3, '5000 TiB'],
    [-2048, '-2.0 MiB'],
    [-1, 'an unknown amount'],
    [Number.NaN, 'an unknown amount'],
  ])('%d KiB is %s', (kib, text) => {
    expect(size(kib)).toBe(text);
  });

  test('a part is told in the unit of its whole unless that would hide it', () => {
    expect(sizeOf(2.2 * 1024 ** 2, 2.3 * 1024 ** 2)).toBe('2.2 of 2.3 GiB');
    expect(sizeOf(48 * 1024, 4 * 1024 ** 2)).toBe('48 MiB of 4.0 GiB');
    expect(sizeOf(0, 1024)).toBe('0 of 1.0 MiB');
    expect(sizeOf(-1, 1024)).toBe('an unknown amount of 1.0 MiB');
  });

  test.each([
    [0, '0 ms'],
    [0.26, '0.3 ms'],
    [250, '250 ms'],
    [999.7, '1.0 s'],
    [1200, '1.2 s'],
    [59_960, '1 min 0 s'],
    [193_000, '3 min 13 s'],
    [7_500_000, '2 h 5 min'],
    [3_599_400, '59 min 59 s'],
    [3_599_600, '1 h 0 min'],
    [86_399_400, '23 h 59 min'],
    [86_399_600, '1 day 0 h'],
    [2 * 86_400_000 + 3_600_000, '2 days 1 h'],
    [709_500_000, '8 days 5 h'],
    [99.99 * 86_400_000, '99 days 23 h'],
    [100 * 86_400_000, '100 days'],
    [1e12, '11574 days'],
    [Number.POSITIVE_INFINITY, 'an unknown time'],
  ])('%d ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  test('shares and counts', () => {
    expect(percent(2350)).toBe('24 %');
    expect(percent(45)).toBe('0.5 %');
    expect(count(1, 'signal')).toBe('1 signal');
    expect(count(2, 'process', 'processes')).toBe('2 processes');
  });
});
