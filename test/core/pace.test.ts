import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paceMs } from '../../src/core/pace.ts';
import type { PacePolicy } from '../../src/core/policy.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { LEVEL, type Verdict } from '../../src/core/verdict.ts';

/** 6 GiB/s are 6291 KiB a millisecond. */
const PACE: PacePolicy = { minMs: 10, maxMs: 1000, fillKiBPerMs: 6291 };

const verdict = (headroomKiB: number, level: number = LEVEL.CALM): Verdict => ({
  level,
  detectors: 0,
  exhaustionMs: ABSENT,
  headroomKiB,
});

describe('the pause until the next look', () => {
  it.each([
    ['a calm host with much room', 18 * GIB, 0, 1000],
    ['1 GiB of room: what the fastest filler needs for it', GIB, 0, 166],
    ['100 MiB of room', 100 * MIB, 0, 16],
    ['no room', 0, 0, 10],
    ['below the mark', -GIB, 0, 10],
    ['a leak of 1 GiB/s with 4 GiB of room: half of the way', 4 * GIB, GIB / 1000, 666],
    ['a leak of 10 GiB/s, faster than was assumed', 4 * GIB, GIB / 100, 200],
    ['a slow leak', 4 * GIB, 1, 666],
  ])('with %s', (_, headroomKiB, lossKiBPerMs, expected) => {
    expect(paceMs(verdict(headroomKiB), lossKiBPerMs, false, ABSENT, PACE)).toBe(expected);
  });

  it('is a quarter of a second at the most while a shortage approaches', () => {
    expect(paceMs(verdict(18 * GIB, LEVEL.APPROACH), 0, false, ABSENT, PACE)).toBe(250);
  });

  it.each([LEVEL.CALM, LEVEL.APPROACH])(
    'is short enough to judge thrash while something stalls, at level %i',
    (level) => {
      const pause = paceMs(verdict(18 * GIB, level), 0, true, ABSENT, PACE);
      expect(pause).toBeLessThan(70);
      // The detector skips readings that are closer than a sixteenth of its window of 1 s.
      expect(pause).toBeGreaterThanOrEqual(1000 / 16);
    },
  );

  it('ends when something is due', () => {
    expect(paceMs(verdict(18 * GIB), 0, false, 40.9, PACE)).toBe(40);
    expect(paceMs(verdict(18 * GIB), 0, false, 0, PACE)).toBe(10);
  });

  const headroom = fc.integer({ min: -32 * GIB, max: 1024 * GIB });
  const loss = fc.double({ min: 0, max: 100_000, noNaN: true });
  const level = fc.constantFrom(...Object.values(LEVEL));
  const due = fc.oneof(fc.constant(ABSENT), fc.double({ min: 0, max: 10_000, noNaN: true }));
  const pace = fc
    .record({
      minMs: fc.integer({ min: 1, max: 1000 }),
      more: fc.nat({ max: 9000 }),
      fillKiBPerMs: fc.integer({ min: 1, max: 100_000 }),
    })
    .map(({ minMs, more, fillKiBPerMs }) => ({ minMs, maxMs: minMs + more, fillKiBPerMs }));

  it('stays within its bounds, and never sleeps over what is due but for the shortest pause', () => {
    fc.assert(
      fc.property(headroom, loss, level, fc.boolean(), due, pace, (room, lost, at, stalls, dueMs, policy) => {
        const pause = paceMs(verdict(room, at), lost, stalls, dueMs, policy);
        expect(pause).toBeGreaterThanOrEqual(policy.minMs);
        expect(pause).toBeLessThanOrEqual(policy.maxMs);
        if (dueMs !== ABSENT) expect(pause).toBeLessThanOrEqual(Math.max(policy.minMs, dueMs));
      }),
    );
  });

  it('shrinks with the room that is left, and with a faster leak', () => {
    fc.assert(
      fc.property(headroom, fc.nat({ max: 64 * GIB }), loss, loss, pace, (room, less, lost, more, policy) => {
        const pause = paceMs(verdict(room), lost, false, ABSENT, policy);
        expect(paceMs(verdict(room - less), lost, false, ABSENT, policy)).toBeLessThanOrEqual(pause);
        expect(paceMs(verdict(room), lost + more, false, ABSENT, policy)).toBeLessThanOrEqual(pause);
      }),
    );
  });

  it('never sleeps through the mark at the assumed fill rate, but for the shortest pause', () => {
    fc.assert(
      fc.property(headroom, pace, (room, policy) => {
        const pause = paceMs(verdict(room), 0, false, ABSENT, policy);
        expect(pause === policy.minMs || pause * policy.fillKiBPerMs <= room).toBe(true);
      }),
    );
  });
});
