import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUDGET_RING, createBudget, mayKill, spend } from '../../../src/core/act/budget.ts';
import { defaultPolicy } from '../../support/policy.ts';

const { act } = defaultPolicy('act: { kills_per_minute: 3, kills_per_hour: 5 }');
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const spentAt = (...times: readonly number[]) => {
  const budget = createBudget();
  for (const time of times) spend(budget, time);
  return budget;
};

describe('the kill budget', () => {
  it.each([
    ['nothing spent', [], 0, true],
    ['two in a minute', [0, 1], 2, true],
    ['three in a minute', [0, 1, 2], 3, false],
    ['the first of three a minute ago', [0, 30 * SECOND, 40 * SECOND], MINUTE, true],
    ['the first of three just within a minute', [0, 30 * SECOND, 40 * SECOND], MINUTE - 1, false],
    ['five in an hour, none of late', [0, 9, 18, 27, 36].map((at) => at * MINUTE), 45 * MINUTE, false],
    ['the first of five an hour ago', [0, 9, 18, 27, 36].map((at) => at * MINUTE), 60 * MINUTE, true],
  ])('with %s', (_, times, nowMs, may) => {
    expect(mayKill(spentAt(...times), act, nowMs)).toBe(may);
  });

  it('counts a kill at the very start of the clock', () => {
    expect(mayKill(spentAt(0, 0, 0), act, 0)).toBe(false);
  });

  it('holds the largest hourly budget that the configuration admits', () => {
    const largest = [...Array(7).keys()]
      .map((power) => 10 ** power)
      .filter((count) => {
        try {
          return defaultPolicy(`act: { kills_per_hour: ${count} }`).act.killsPerHour === count;
        } catch {
          return false;
        }
      });
    expect(Math.max(...largest)).toBeLessThanOrEqual(BUDGET_RING);
  });

  it('is never exceeded in any minute or hour, whatever is asked of it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 * MINUTE }), { maxLength: 300 }), (pauses) => {
        const budget = createBudget();
        const kills: number[] = [];
        let nowMs = 0;
        for (const pause of pauses) {
          nowMs += pause;
          if (!mayKill(budget, act, nowMs)) continue;
          spend(budget, nowMs);
          kills.push(nowMs);
          expect(kills.filter((at) => nowMs - at < MINUTE).length).toBeLessThanOrEqual(3);
          expect(kills.filter((at) => nowMs - at < 60 * MINUTE).length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
