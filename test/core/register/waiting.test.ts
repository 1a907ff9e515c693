import { describe, expect, it } from 'vitest';
import type { Dying, KilledBy } from '../../../src/core/dying.ts';
import { createRegister, enter, findDying, hasMemory, isDying } from '../../../src/core/register/register.ts';
import { waitedFor } from '../../../src/core/register/waiting.ts';
import { counts } from '../../../src/core/select/rules/wait-allocating-task.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { aDying } from '../support/registers.ts';

const MINIMUM_KIB = 64 * MIB;

const waited = (entries: readonly Partial<Dying>[], who: (dying: Dying) => boolean = () => true): number | null => {
  const register = createRegister();
  register.dying.push(...entries.map((each) => aDying(each)));
  return waitedFor(register, MINIMUM_KIB, who)?.pid ?? null;
};

describe('the search waits', () => {
  it.each<KilledBy>(['oomwatchd', 'kernel', 'other', 'itself'])('for whoever is dying, killed by %s', (killedBy) => {
    expect(waited([{ killedBy }])).toBe(7);
  });

  it('for one of unknown size', () => {
    expect(waited([{ sizeKiB: ABSENT }])).toBe(7);
  });

  it('for the first that is worth it', () => {
    expect(waited([{ isIgnored: true }, { pid: 8, sizeKiB: 1 }, { pid: 9 }, { pid: 10 }])).toBe(9);
  });

  it.each<[string, Partial<Dying>]>([
    ['whose time is up', { isIgnored: true }],
    ['whose memory is back', { life: 'reaped' }],
    ['who is gone', { life: 'gone' }],
    ['who has less than the minimum', { sizeKiB: MINIMUM_KIB - 1 }],
  ])('not for one %s', (_, dying) => {
    expect(waited([dying])).toBe(null);
  });

  it('not for whom the policy does not count', () => {
    expect(waited([{ killedBy: 'kernel' }], (dying) => counts(dying, 1, false))).toBe(null);
    expect(waited([{ killedBy: 'kernel' }], (dying) => counts(dying, 1, true))).toBe(7);
  });
});

it('the minimum itself is worth a wait', () => {
  expect([hasMemory(aDying({ sizeKiB: 63 }), 64), hasMemory(aDying({ sizeKiB: 64 }), 64)]).toEqual([false, true]);
});

describe('the register', () => {
  it('enters a process once: whoever was first to kill it has killed it', () => {
    const register = createRegister();
    expect(enter(register, 3, 7, 'leak', 'oomwatchd', MIB, 10)).toMatchObject({ killedBy: 'oomwatchd', sinceMs: 10 });
    expect(enter(register, 3, 7, 'leak', 'kernel', MIB, 20)).toBe(null);
    expect(register.dying).toHaveLength(1);
    expect(findDying(register, 7)?.killedBy).toBe('oomwatchd');
    expect(findDying(register, 8)).toBe(undefined);
  });

  it('does not take the next process in a slot for the dying one', () => {
    const register = createRegister();
    enter(register, 3, 7, 'leak', 'oomwatchd', MIB, 10);
    expect([isDying(register, 3, 7), isDying(register, 3, 8), isDying(register, 4, 7)]).toEqual([true, false, false]);
  });

  it('does not take one that leaves by itself for one that is being killed', () => {
    const register = createRegister();
    enter(register, 3, 7, 'leaves', 'itself', MIB, 10);
    expect(isDying(register, 3, 7)).toBe(false);
  });

  it('is bounded: where hundreds die at once the oldest are followed', () => {
    const register = createRegister();
    for (let pid = 1; pid <= 300; pid++) enter(register, pid, pid, 'many', 'other', MIB, pid);
    expect(register.dying).toHaveLength(256);
    expect(register.dying.at(-1)?.pid).toBe(256);
    expect(enter(register, 999, 999, 'late', 'oomwatchd', MIB, 999)).toBe(null);
    register.dying.shift();
    expect(enter(register, 999, 999, 'late', 'oomwatchd', MIB, 999)).not.toBe(null);
  });

  it('tells life and memory of an entry as it begins', () => {
    const register = createRegister();
    expect(enter(register, 3, 7, 'leak', 'other', MIB, 10)?.life).toBe('signalled');
    expect(enter(register, 4, 8, 'leaves', 'itself', MIB, 10)?.life).toBe('exiting');
  });
});
