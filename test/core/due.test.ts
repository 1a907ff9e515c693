import { expect, it } from 'vitest';
import { isDue, never, takeTurn } from '../../src/core/due.ts';

it('what never was is due at once, and then after its time, counted from the turn that was taken', () => {
  const last = never();
  const taken = [0, 500, 999, 1000, 1999, 2600, 3500, 3600].filter((nowMs) => takeTurn(last, 1000, nowMs));
  expect(taken).toEqual([0, 1000, 2600, 3600]);
});

it('asking alone takes no turn', () => {
  const last = never();
  expect([isDue(last, 10, 0), isDue(last, 10, 0)]).toEqual([true, true]);
  last.ms = 5;
  expect([isDue(last, 10, 14), isDue(last, 10, 15), isDue(last, 0, 5)]).toEqual([false, true, true]);
});
