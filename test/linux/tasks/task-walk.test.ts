import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ThreadReading } from '../../../src/core/thread-readings.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createTaskWalk, type TaskWalk, type Wanted } from '../../../src/linux/tasks/task-walk.ts';
import { addProcess, type FakeTasks, fakeTasks, noneKnown } from './fake-tasks.ts';

const MEMALLOC = 0x400800;
const WANTED = {
  ...{ isOpen: true, isPaused: false, followed: [], named: [], isFruitful: true, isVictim: () => false },
} satisfies Wanted;

let tasks: FakeTasks;
let nowMs: number;
let walk: TaskWalk;

beforeEach(() => {
  tasks = fakeTasks();
  nowMs = 10_000;
  walk = createTaskWalk('/proc', tasks.io, () => nowMs, noneKnown);
});

/** Everything that the fake has to answer has been answered. */
const settled = async (): Promise<void> => {
  for (let times = 0; times < 20; times++) await setImmediate();
};
/** Turns `everyMs` apart; the readings of all of them, by tid and state. */
const turns = async (count: number, wanted: Partial<Wanted> = {}, everyMs = 250): Promise<ThreadReading[]> => {
  const told: ThreadReading[] = [];
  for (let turn = 0; turn < count; turn++) {
    walk.run(nowMs, { ...WANTED, ...wanted });
    await settled();
    nowMs += everyMs;
    const { count: found, readings } = walk.take();
    told.push(...readings.slice(0, found).map((reading) => ({ ...reading })));
  }
  return told;
};
const tidsOf = (readings: readonly ThreadReading[]): number[] => readings.map(({ tid }) => tid);

describe('a round', () => {
  it('tells of threads in D and in reclaim, with place and name, and counts all', async () => {
    addProcess(tasks, 10, 3);
    tasks.processes.get(10)?.set(11, { state: 'D', wchan: 'folio_wait_bit_common', comm: 'a) R (', utimeTicks: 7 });
    addProcess(tasks, 20, 1, { flags: MEMALLOC, state: 'R', majorFaults: 5 });
    addProcess(tasks, 30, 2, { pendingMask: 0x100, flags: 0x400004 });
    addProcess(tasks, 40, 1, { state: 'Z', flags: 0x40840c });
    const told = await turns(4, { isVictim: (pid) => pid === 30 });
    expect(told).toMatchObject([
      { pid: 10, tid: 11, state: 'D', place: 'page_io', comm: 'a) R (', utimeTicks: 7, startTimeTicks: 1 },
      { pid: 20, tid: 20, state: 'R', place: 'unknown', flags: MEMALLOC, majorFaults: 5 },
    ]);
    walk.run(nowMs, WANTED);
    expect(walk.take().walk).toEqual({ walks: 1, threads: 7, dying: 2, exiting: 2, victim: 2 });
    expect(tasks.openNow()).toBe(0);
  });

  it('leaves kernel threads out, but for kswapd', async () => {
    addProcess(tasks, 2, 1, { flags: 0x208040, state: 'D' });
    addProcess(tasks, 60, 1, { flags: 0x220840, comm: 'kswapd0' });
    const told = await turns(4);
    expect(told).toMatchObject([{ tid: 60, comm: 'kswapd0' }]);
    expect(walk.take().walk.threads).toBe(0);
    await turns(40);
    expect(tasks.opened.filter((path) => path.includes('/2/'))).toHaveLength(1);
  });

  it('asks no kernel thread that is known already', async () => {
    addProcess(tasks, 2, 1, { flags: 0x208040 });
    addProcess(tasks, 20, 1, { flags: MEMALLOC });
    walk = createTaskWalk(
      '/proc',
      tasks.io,
      () => nowMs,
      (into) => void into.add(2),
    );
    await turns(60);
    expect(tasks.opened.some((path) => path.startsWith('/proc/2/'))).toBe(false);
  });

  it('that is given up counts for nothing in the next one', async () => {
    addProcess(tasks, 20, 200);
    await turns(3, {}, 250);
    expect(walk.take().walk.walks).toBe(0);
    await turns(1, { isOpen: false });
    await turns(8);
    expect(walk.take().walk).toMatchObject({ walks: 1, threads: 200 });
  });

  it('passes over who is gone, and lists nobody without threads', async () => {
    addProcess(tasks, 10, 1, { gone: true });
    addProcess(tasks, 20, 1, { flags: MEMALLOC });
    expect(tidsOf(await turns(4))).toEqual([20]);
    expect(tasks.calls.list).toBe(1);
  });

  it('is begun again after five seconds while some stall, later and later while none do', async () => {
    addProcess(tasks, 20, 1);
    await turns(60, { isFruitful: true }, 1000);
    expect(tasks.calls.open).toBe(12);
    await turns(1, { isOpen: false });
    tasks.calls.open = 0;
    await turns(200, { isFruitful: false }, 1000);
    // After 10, 20, 40, then every 60 s.
    expect(tasks.calls.open).toBe(6);
  });
});

describe('threads that are followed', () => {
  const followed = [{ pid: 10, tid: 11 }];
  beforeEach(() => addProcess(tasks, 10, 2, { state: 'D', wchan: 'reclaim_throttle' }));

  it('are looked at once a second through descriptors that stay open', async () => {
    const told = await turns(40, { followed });
    expect(told.filter(({ tid }) => tid === 11).length).toBeGreaterThanOrEqual(9);
    expect(told.filter(({ tid }) => tid === 11).length).toBeLessThanOrEqual(10);
    expect(tasks.opened.filter((path) => path === '/proc/10/task/11/stat').length).toBeLessThanOrEqual(3);
    expect(tasks.openNow()).toBe(2);
    await turns(1, { isOpen: false });
    expect(tasks.openNow()).toBe(0);
  });

  it('keep the descriptors of the look that told of them', async () => {
    await turns(1);
    walk.run(nowMs, WANTED);
    await settled();
    expect(walk.take().count).toBe(2);
    expect(tasks.openNow()).toBe(4);
    nowMs += 1000;
    await turns(8, { followed });
    expect(tasks.openNow()).toBe(2);
    expect(tasks.opened.filter((path) => path.includes('/11/'))).toHaveLength(2);
  });

  it('have their switches counted when they are named', async () => {
    tasks.processes.get(10)?.set(11, { state: 'D', switches: 40 });
    const told = await turns(2, { followed, named: followed });
    expect(told.filter(({ tid }) => tid === 11)).toMatchObject([{ switches: 42 }]);
  });

  it('are let go when they are not wanted any more, and told when they have gone', async () => {
    await turns(5, { followed });
    tasks.processes.get(10)?.set(11, { gone: true });
    const told = await turns(5, { followed });
    expect(told.filter(({ tid }) => tid === 11)).toMatchObject([{ state: '' }]);
    await turns(5);
    expect(tasks.openNow()).toBe(0);
  });
});

it('does nothing while nothing stalls or a shot is near', async () => {
  addProcess(tasks, 20, 3, { flags: MEMALLOC });
  await turns(50, { isOpen: false });
  await turns(50, { isPaused: true });
  expect(tasks.calls).toEqual({ open: 0, read: 0, close: 0, list: 0 });
  expect(walk.isWaiting()).toBe(false);
});

describe('a stat that hangs', () => {
  beforeEach(() => {
    addProcess(tasks, 10, 1);
    addProcess(tasks, 20, 2, { state: 'D', pendingMask: 0x100 });
    tasks.hang('/proc/10/task/10/stat');
  });

  it('is told after seconds, and the walk goes on with what cannot hang', async () => {
    await turns(4);
    expect(walk.take().hungPid).toBe(ABSENT);
    const told = await turns(40);
    expect(walk.take().hungPid).toBe(10);
    expect(told.slice(0, 2)).toMatchObject([
      { tid: 20, state: 'D', flags: ABSENT, isKillPending: true },
      { tid: 21, state: 'D', flags: ABSENT, isKillPending: true },
    ]);
    expect(tasks.opened.filter((path) => path.endsWith('/stat'))).toHaveLength(1);
    expect(walk.take().walk).toMatchObject({ dying: 2 });
    expect(walk.isWaiting()).toBe(true);
  });

  it('ends: all is as before, and what it read is nobody any more', async () => {
    await turns(20);
    tasks.release();
    tasks.processes.delete(10);
    const told = await turns(40);
    expect(walk.take().hungPid).toBe(ABSENT);
    expect(told.some(({ flags, tid }) => flags !== ABSENT && tid === 21)).toBe(true);
    expect(tidsOf(told)).not.toContain(10);
    await turns(1, { isOpen: false });
    expect([tasks.openNow(), walk.isWaiting()]).toEqual([0, false]);
  });

  it('of a followed thread keeps its descriptor until it ends', async () => {
    tasks.release();
    tasks.hang('/proc/20/task/21/stat');
    await turns(30, { followed: [{ pid: 20, tid: 21 }] });
    expect(walk.take().hungPid).toBe(20);
    await turns(4, { isOpen: false });
    expect(tasks.openNow()).toBe(1);
    tasks.release();
    await settled();
    expect([tasks.openNow(), walk.isWaiting()]).toEqual([0, false]);
  });
});
