/** When the walk over the threads opens nothing. */
import { expect, test } from 'vitest';
import { isShotNear } from '../../../src/commands/daemon/task-watch.ts';
import { createState, type State } from '../../../src/core/state.ts';
import { LEVEL } from '../../../src/core/verdict.ts';

test.each<[string, (state: State) => void, boolean]>([
  ['in calm', () => undefined, false],
  ['at the term level', (state) => Object.assign(state, { level: LEVEL.TERM }), true],
  ['while a thrash is judged', ({ detect }) => Object.assign(detect.thrashing, { sinceMs: 5 }), true],
  ['while one on busy cores is', ({ detect }) => Object.assign(detect.thrashingBusily, { sinceMs: 5 }), true],
  ['when nobody may be chosen', (state) => Object.assign(state, { level: LEVEL.KILL, nobodyMs: 5 }), false],
])('%s', (_, prepare, expected) => {
  const state = createState(4);
  prepare(state);
  expect(isShotNear(state, true)).toBe(expected);
  expect(isShotNear(state, false), 'observing').toBe(false);
});
