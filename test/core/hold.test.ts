import { expect, it } from 'vitest';
import { createHold, heldFor } from '../../src/core/hold.ts';

/** [time, condition, whether it has held for 1 s] */
it.each([
  [
    'counts from the first hit',
    [
      [0, true, false],
      [999, true, false],
      [1000, true, true],
      [5000, true, true],
    ],
  ],
  [
    'starts anew after a miss',
    [
      [0, true, false],
      [900, false, false],
      [1000, true, false],
      [1999, true, false],
      [2000, true, true],
    ],
  ],
  [
    'does not hold while it does not happen',
    [
      [0, false, false],
      [5000, false, false],
    ],
  ],
  [
    'starts at time zero as at any other',
    [
      [0, true, false],
      [1000, true, true],
    ],
  ],
] as const)('a condition %s', (_, steps) => {
  const hold = createHold();
  for (const [nowMs, condition, expected] of steps)
    expect([nowMs, heldFor(hold, condition, 1000, nowMs)]).toEqual([nowMs, expected]);
});

it('a condition that need not hold counts at once', () => {
  expect(heldFor(createHold(), true, 0, 123)).toBe(true);
});
