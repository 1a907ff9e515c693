import { expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { createLane } from '../../../src/linux/index/lane.ts';

it('has one call in flight at a time, in the order in which they were asked for', () => {
  let nowMs = 100;
  const lane = createLane(() => nowMs);
  const ends: (() => void)[] = [];
  const begun: string[] = [];
  const ask = (name: string): void =>
    lane.run((ended) => {
      begun.push(name);
      ends.push(ended);
    });
  expect(lane.waitingSinceMs()).toBe(ABSENT);
  for (const name of ['stat', 'kcmp', 'syscall']) ask(name);
  expect(begun).toEqual(['stat']);
  expect(lane.waitingSinceMs()).toBe(100);
  nowMs = 250;
  expect(lane.waitingSinceMs()).toBe(100);
  ends[0]?.();
  expect(begun).toEqual(['stat', 'kcmp']);
  expect(lane.waitingSinceMs()).toBe(250);
  ends[1]?.();
  ends[2]?.();
  expect(begun).toEqual(['stat', 'kcmp', 'syscall']);
  expect(lane.waitingSinceMs()).toBe(ABSENT);
  ask('again');
  expect(begun).toHaveLength(4);
});
