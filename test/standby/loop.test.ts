/** The second process in virtual time: a page, a host that runs out of memory, candidates that die or do not. */
import { describe, expect, it } from 'vitest';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { beginTurn, claim, deedsSince, turnsOf, unclaim } from '../../src/standby/page.ts';
import { host, POLICY } from './host.ts';

describe('while control turns', () => {
  it('nothing is read and nobody dies, whatever memory there is', () => {
    const { beat, run, shots, world } = host([{ pid: 7, kib: 4 * GIB }]);
    for (let times = 0; times < 20; times++) {
      beat(1000);
      run(1000);
    }
    expect([shots, world.reads]).toEqual([[], 0]);
  });

  it('the timer is never let go off, and nothing is looked at in between', () => {
    const { beat, run, world } = host([{ pid: 7, kib: 4 * GIB }]);
    for (let times = 0; times < 20; times++) {
      beat(1000);
      run(1000);
    }
    expect(world.looks).toBe(20);
    // Here a look is only what begins each run.
    beat(600_000);
    run(600_000);
    expect(world.looks).toBe(21);
  });

  it('one that has gone off already is not waited for', () => {
    const { beat, run, world, shots } = host([{ pid: 7, kib: 4 * GIB }]);
    beat(1000);
    world.timerMs = 0;
    run(4000);
    expect([shots, world.looks < 20]).toEqual([[7], true]);
  });

  it('not before its first turn either', () => {
    const { run, shots } = host([{ pid: 7, kib: 4 * GIB }]);
    run(60_000);
    expect(shots).toEqual([]);
  });
});

describe('when control is back, and its first turn has not ended', () => {
  const back = () => {
    const scene = host([
      { pid: 7, kib: 4 * GIB },
      { pid: 8, kib: 2 * GIB },
    ]);
    scene.world.killsLeft = 1;
    scene.beat(1000);
    scene.run(6000);
    expect(scene.shots).toEqual([7]);
    beginTurn(scene.page, scene.world.nowMs);
    return scene;
  };

  it('nobody dies: the budget on the page is that of before', () => {
    const { run, shots } = back();
    run(1000);
    expect(shots).toEqual([7]);
  });

  it('nor when it hangs in it: there is no kill left', () => {
    const { run, shots } = back();
    run(60_000);
    expect(shots).toEqual([7]);
  });

  it('one that hangs in a turn is as away as one that does not begin it', () => {
    const { page, beat, run, shots, world } = host([{ pid: 7, kib: 4 * GIB }]);
    beat(1000);
    run(1000);
    beginTurn(page, world.nowMs);
    run(3500);
    expect(shots).toEqual([7]);
  });
});

describe('when control stays away', () => {
  it('the largest dies two seconds after the turn was due, and is reaped; nobody else, once memory is back', () => {
    const { beat, run, shots, reaped, told, world } = host([
      { pid: 7, kib: 4 * GIB },
      { pid: 8, kib: 2 * GIB },
    ]);
    world.returns = 4 * GIB;
    beat(1000);
    run(2900);
    expect(shots).toEqual([]);
    run(600);
    expect([shots, reaped]).toEqual([[7], [7]]);
    expect(told).toMatchObject([{ outcome: 'killed', pid: 7, comm: 'p7', memAvailableKiB: 100 * MIB }]);
    expect(told[0]?.lateMs).toBeGreaterThan(2000);
    expect(told[0]?.lateMs).toBeLessThanOrEqual(2300);
    run(60_000);
    expect(shots).toEqual([7]);
  });

  it('the same without a timer', () => {
    const { beat, run, shots, told, world } = host([{ pid: 7, kib: 4 * GIB }]);
    world.timerMs = null;
    beat(1000);
    run(4000);
    expect(shots).toEqual([7]);
    expect(told[0]?.lateMs).toBeLessThanOrEqual(2300);
  });

  it('it only watches above the kill mark', () => {
    const { beat, run, shots, world } = host([{ pid: 7, kib: 4 * GIB }]);
    world.availableKiB = 500 * MIB;
    beat(1000);
    run(30_000);
    expect([shots, world.reads > 50]).toEqual([[], true]);
  });

  it.each([0, 50, 100, 150, 200])(
    'a leak at full speed is met before memory has gone, whenever it began: %i ms',
    (ms) => {
      // 1 GiB/s: from the first mark to the end in 200 ms, less than a rest.
      const small = 'mode: enforce\ndetect: { term: { mem_available: 200MiB }, kill: { mem_available: 100MiB } }';
      const { beat, run, shots, told, world } = host([{ pid: 7, kib: 4 * GIB }], small);
      Object.defineProperty(world, 'availableKiB', {
        get: () => (shots.length > 0 ? 4 * GIB : Math.max(0, 5 * GIB + (ms - world.nowMs) * MIB)),
        set: () => undefined,
      });
      beat(1000);
      run(8000);
      expect(shots).toEqual([7]);
      expect(told[0]?.memAvailableKiB).toBeGreaterThan(0);
    },
  );

  it('what is short already is met when the bound has passed', () => {
    const { beat, run, told } = host([{ pid: 7, kib: 4 * GIB }]);
    beat(1000);
    run(4000);
    expect(told[0]?.lateMs).toBe(2001);
  });

  it('while it may not act it looks no more often than it must', () => {
    const { beat, run, world } = host([{ pid: 7, kib: 4 * GIB }]);
    world.mayAct = false;
    beat(1000);
    run(30_000);
    expect(world.reads).toBeLessThan(30 * 4 + 2);
  });

  it('it takes the next when memory does not come back, three at most, and says that it has no kill left', () => {
    const { beat, run, shots, outcomes } = host([1, 2, 3, 4, 5].map((pid) => ({ pid, kib: pid * GIB })));
    beat(1000);
    run(30_000);
    expect(shots).toEqual([5, 4, 3]);
    expect(outcomes()).toEqual(['killed', 'killed', 'killed', 'over_budget']);
  });

  it('it waits five seconds for one that does not go', () => {
    const { beat, run, shots } = host([
      { pid: 7, kib: 4 * GIB, isStuck: true },
      { pid: 8, kib: 2 * GIB },
    ]);
    beat(1000);
    run(8000);
    expect(shots).toEqual([7]);
    run(1000);
    expect(shots).toEqual([7, 8]);
  });

  it('it goes on at once after a refusal', () => {
    const { beat, run, shots, outcomes } = host([
      { pid: 7, kib: 4 * GIB, errno: 1 },
      { pid: 8, kib: 2 * GIB },
    ]);
    beat(1000);
    run(4000);
    expect([shots, outcomes()]).toEqual([
      [7, 8],
      ['refused', 'killed', 'nobody'],
    ]);
  });

  it('a group dies together, as one kill', () => {
    const { beat, run, shots, told } = host([
      { pid: 7, kib: 4 * GIB, group: 0 },
      { pid: 8, kib: 2 * GIB, group: 0 },
    ]);
    beat(1000);
    run(3500);
    expect(shots).toEqual([7, 8]);
    expect(told.slice(0, 2).map(({ isCompanion }) => isCompanion)).toEqual([false, true]);
  });

  it('nobody is told once', () => {
    const { beat, run, outcomes } = host([]);
    beat(1000);
    run(30_000);
    expect(outcomes()).toEqual(['nobody']);
  });

  it.each([
    ['nobody dies when the memory went to somebody who is not known', GIB, [], ['nobody']],
    ['one who has grown dies all the same', 3 * GIB, [7], ['killed']],
  ])('%s', (_, kib, killed, said) => {
    const { beat, run, shots, world, outcomes } = host([{ pid: 7, kib }]);
    world.lastKiB = 5 * GIB;
    world.returns = 3 * GIB;
    beat(1000);
    run(30_000);
    expect([shots, outcomes()]).toEqual([killed, said]);
  });

  it('observe mode names one and signals nobody', () => {
    const { beat, run, shots, outcomes } = host([{ pid: 7, kib: 4 * GIB }], POLICY.replace('enforce', 'observe'));
    beat(1000);
    run(30_000);
    expect([shots, outcomes()]).toEqual([[], ['observed']]);
  });

  it.each([
    ['found killing futile', { mayAct: false }],
    ['waits for a victim of its own', { waitMs: 60_000 }],
    ['has no kill left', { killsLeft: 0 }],
  ])('nobody dies when control %s', (_, said) => {
    const { beat, run, shots, world } = host([{ pid: 7, kib: 4 * GIB }]);
    Object.assign(world, said);
    beat(1000);
    run(30_000);
    expect(shots).toEqual([]);
  });
});

describe('a thrash', () => {
  const thrash = (said: { isWithinLimits?: boolean; availableKiB?: number }): number[] => {
    const { beat, run, shots, world } = host([{ pid: 7, kib: 4 * GIB }]);
    Object.assign(world, { isThrashing: true, availableKiB: 2 * GIB, lastKiB: 2 * GIB, ...said });
    beat(1000);
    run(10_000);
    return shots;
  };

  it('of the host is ended', () => expect(thrash({})).toContain(7));

  it('of cgroups at their limits, as control has seen, costs no process of the host its life', () =>
    expect(thrash({ isWithinLimits: true })).toEqual([]));

  it('of theirs above the kill mark neither, though the term mark is reached', () =>
    expect(thrash({ isWithinLimits: true, availableKiB: 600 * MIB })).toEqual([]));

  it('or theirs does not matter when memory is gone as well', () =>
    expect(thrash({ isWithinLimits: true, availableKiB: 100 * MIB })).toContain(7));
});

describe('when control comes back', () => {
  it('in the moment before the shot, there is none', () => {
    const { beat, run, shots, turns, world } = host([{ pid: 7, kib: 4 * GIB }]);
    beat(1000);
    // Between the look at the page and the shot.
    turns.push(() => beat(1_000_000));
    run(20_000);
    expect(shots).toEqual([]);
    expect(world.reads).toBeGreaterThan(0);
  });

  it('it finds all that was done on the page; the next absence begins anew', () => {
    const { beat, run, shots, page, world } = host([1, 2, 3, 4, 5].map((pid) => ({ pid, kib: pid * GIB })));
    beat(1000);
    run(30_000);
    expect(deedsSince(page, 0).map(({ pid }) => pid)).toEqual([5, 4, 3, ABSENT]);
    beat(1000);
    run(900);
    beat(1000);
    world.returns = GIB;
    run(6000);
    expect(shots).toEqual([5, 4, 3, 2]);
    expect(claim(page, turnsOf(page), world.nowMs)).toBe(true);
    unclaim(page);
  });
});
