import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReached, markKiB } from '../../src/core/mark.ts';
import type { Mark } from '../../src/core/policy.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';

const OFF: Mark = { kib: ABSENT, permyriad: ABSENT };
const TWO_GIB: Mark = { kib: 2 * GIB, permyriad: ABSENT };
const TENTH: Mark = { kib: ABSENT, permyriad: 1000 };
const SMALLER: Mark = { kib: 2 * GIB, permyriad: 1000 };

describe('a mark', () => {
  it.each<[string, Mark, number, number]>([
    ['2GiB on 1 GiB', TWO_GIB, GIB, 2 * GIB],
    ['2GiB on 1 TiB', TWO_GIB, 1024 * GIB, 2 * GIB],
    ['10% on 1 GiB', TENTH, GIB, 104_857],
    ['10% on 24 GiB', TENTH, 24 * GIB, 2_516_582],
    ['10% on 1 TiB', TENTH, 1024 * GIB, 107_374_182],
    ['min(10%, 2GiB) on 1 GiB', SMALLER, GIB, 104_857],
    ['min(10%, 2GiB) on 24 GiB', SMALLER, 24 * GIB, 2 * GIB],
    ['min(10%, 2GiB) on 1 TiB', SMALLER, 1024 * GIB, 2 * GIB],
    ['off', OFF, 24 * GIB, ABSENT],
    ['0.01% of 1 GiB', { kib: ABSENT, permyriad: 1 }, GIB, 104],
  ])('%s', (_, mark, totalKiB, expected) => {
    expect(markKiB(mark, totalKiB)).toBe(expected);
  });

  it('is reached at and below it', () => {
    expect(isReached(TWO_GIB, 2 * GIB + 1, 24 * GIB)).toBe(false);
    expect(isReached(TWO_GIB, 2 * GIB, 24 * GIB)).toBe(true);
    expect(isReached(TWO_GIB, 0, 24 * GIB)).toBe(true);
  });

  it('is never reached when it is off', () => {
    expect(isReached(OFF, 0, 24 * GIB)).toBe(false);
  });

  it('is never reached by an amount that could not be read, or on a host of unknown size', () => {
    expect(isReached(TWO_GIB, ABSENT, 24 * GIB)).toBe(false);
    expect(isReached(TWO_GIB, MIB, ABSENT)).toBe(false);
    expect(isReached(TENTH, MIB, ABSENT)).toBe(false);
  });

  it('with both bounds is reached only where each of them is', () => {
    const amount = fc.integer({ min: 0, max: 4 * GIB });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: MIB, max: 1024 * GIB }),
        (kib, free, permyriad, total) => {
          const both = isReached({ kib, permyriad }, free, total);
          expect(both).toBe(
            isReached({ kib, permyriad: ABSENT }, free, total) && isReached({ kib: ABSENT, permyriad }, free, total),
          );
        },
      ),
    );
  });
});
