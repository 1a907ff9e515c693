/** A swapoff that was killed: its own few pages say nothing of what its end is worth. */
import { describe, expect, it } from 'vitest';
import { newDying, type Sight } from '../../src/core/dying.ts';
import { lifeOf } from '../../src/core/register/lives.ts';
import { createRegister } from '../../src/core/register/register.ts';
import { waitedFor } from '../../src/core/register/waiting.ts';
import { ABSENT, MIB } from '../../src/core/units.ts';

const LOOK: Sight = {
  pid: 7,
  isGone: false,
  isKilled: true,
  isPending: false,
  isLeaderZombie: false,
  isCoreDumping: false,
  rssKiB: 4,
  oomScore: 0,
};

const killed = (isOrigin: boolean) => {
  const dying = newDying(0, 7, 'swapoff', 'oomwatchd', 4, 0);
  dying.isOrigin = isOrigin;
  return dying;
};

describe('an origin', () => {
  it('has not given its memory back before it is gone', () => {
    const dying = killed(true);
    dying.reap = 'released';
    expect(lifeOf(dying, LOOK)).toBe('taken');
    expect(lifeOf(dying, { ...LOOK, isGone: true })).toBe('gone');
    expect(lifeOf({ ...dying, isOrigin: false }, LOOK)).toBe('reaped');
  });

  it.each([
    [true, 7],
    [false, ABSENT],
  ])('is waited for, small as it is (origin: %s)', (isOrigin, expected) => {
    const register = createRegister();
    register.dying.push(killed(isOrigin));
    expect(waitedFor(register, 64 * MIB, () => true)?.pid ?? ABSENT).toBe(expected);
  });
});
