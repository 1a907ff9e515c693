import { expect, it } from 'vitest';
import { createPaced } from '../../../src/commands/daemon/paced.ts';

it('is begun when it is due and not under way, counted from its begin', async () => {
  const ends: (() => void)[] = [];
  const paced = createPaced(() => new Promise((resolve) => ends.push(resolve)));
  paced.run(1000, 0);
  paced.run(1000, 5000);
  expect([ends.length, paced.isUnderWay()]).toEqual([1, true]);
  ends[0]?.();
  await Promise.resolve();
  expect(paced.isUnderWay()).toBe(false);
  paced.run(1000, 999);
  expect(ends).toHaveLength(1);
  paced.run(100, 999);
  expect(ends).toHaveLength(2);
});
