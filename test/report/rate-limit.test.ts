import { describe, expect, test } from 'vitest';
import { createRateLimit, WINDOW_MS } from '../../src/report/rate-limit.ts';

const admitted = (limit: ReturnType<typeof createRateLimit>, key: string, times: number, nowMs: number): number =>
  Array.from({ length: times }, () => limit.admits(key, nowMs)).filter(Boolean).length;

describe('the rate limit', () => {
  test('lets the first lines of each key through and tells how many it held back', () => {
    const limit = createRateLimit();
    expect(admitted(limit, 'a', 100, 0)).toBe(20);
    expect(admitted(limit, 'b', 5, 0)).toBe(5);
    expect(limit.suppressed).toBe(80);
    expect(limit.expire(WINDOW_MS - 1)).toEqual([]);
    expect(limit.expire(WINDOW_MS)).toEqual([{ key: 'a', lines: 80 }]);
    expect(limit.expire(WINDOW_MS)).toEqual([]);
    expect(admitted(limit, 'a', 100, WINDOW_MS)).toBe(20);
  });

  test('forgets nothing when the next window begins first', () => {
    const limit = createRateLimit();
    admitted(limit, 'a', 21, 0);
    expect(admitted(limit, 'a', 1, WINDOW_MS)).toBe(1);
    expect(limit.expire(WINDOW_MS)).toEqual([{ key: 'a', lines: 1 }]);
  });

  test('tells all at the end', () => {
    const limit = createRateLimit();
    admitted(limit, 'a', 30, 0);
    expect(limit.expire(1, true)).toEqual([{ key: 'a', lines: 10 }]);
  });

  test('keeps a bounded number of keys', () => {
    const limit = createRateLimit();
    const passed = Array.from({ length: 10_000 }, (_, i) => limit.admits(`key ${i}`, 0)).filter(Boolean).length;
    expect(passed).toBeLessThanOrEqual(256 + 20);
  });
});
