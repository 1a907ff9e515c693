import { describe, expect, it } from 'vitest';
import { followLadder } from '../../src/core/footing.ts';
import { LIVELOCK_CLASSES, type LivelockClass } from '../../src/core/livelock.ts';
import { createState } from '../../src/core/state.ts';
import { ABSENT } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';

/** A state in an episode in which nobody may be signalled, with a verdict of that class. */
const climbOf = (livelockClass: LivelockClass, level: number, killHelps = true) => {
  const state = createState(4);
  state.episode.active = true;
  state.nobodyMs = 0;
  Object.assign(state.livelock, { class: livelockClass, killHelps });
  followLadder(state, level, 7);
  return state.climb;
};

describe('the footing of the ladder', () => {
  it.each(LIVELOCK_CLASSES.map((name) => [name, ['before_kill', 'nofs'].includes(name)] as const))(
    'class %s alone is a standstill: %s',
    (name, isStandstill) => {
      expect(climbOf(name, LEVEL.KILL).stalledMs).toBe(isStandstill ? 7 : ABSENT);
    },
  );

  it.each(LIVELOCK_CLASSES.map((name) => [name, !['none', 'other'].includes(name)] as const))(
    'class %s makes the term level as urgent as the kill level: %s',
    (name, isUrgent) => {
      expect(climbOf(name, LEVEL.TERM).helpless).toBe(isUrgent ? 'nobody' : '');
    },
  );

  it('is not urgent where no kill helps', () => {
    expect(climbOf('before_kill', LEVEL.TERM, false).helpless).toBe('');
  });
});
