// What the walk may cost, in calls: of the kernel, not of the clock.
import { readFileSync } from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ThreadReading } from '../../../src/core/thread-readings.ts';
import { taskIo } from '../../../src/linux/tasks/task-io.ts';
import { createTaskWalk, type Wanted } from '../../../src/linux/tasks/task-walk.ts';
import { removeNative } from '../../support/native/build.ts';
import { endSubjects, startSubject, statusField } from '../../support/native/subject.ts';
import { addProcess, fakeTasks, noneKnown } from './fake-tasks.ts';

const WANTED: Wanted = {
  ...{ isOpen: true, isPaused: false, followed: [], named: [], isFruitful: true, isVictim: () => false },
};

describe('on a host with 50,000 threads', () => {
  it('a second of walking is a thousand threads at the most, and all of them are through within a minute', async () => {
    const tasks = fakeTasks();
    for (let pid = 1000; pid < 1_001_000; pid += 1000) addProcess(tasks, pid, 50);
    let nowMs = 0;
    const walk = createTaskWalk('/proc', tasks.io, () => nowMs, noneKnown);
    const perSecond: number[] = [];
    let walks = 0;
    let wholeS = 0;
    for (let second = 0; second < 420 && walks < 2; second++) {
      const before = tasks.calls.open + tasks.calls.read + tasks.calls.close;
      for (let turn = 0; turn < 10; turn++) {
        walk.run(nowMs, WANTED);
        for (let times = 0; times < 200 && walk.isWaiting(); times++) await setImmediate();
        nowMs += 100;
        const found = walk.take();
        if (found.walk.walks === 1 && walks === 0) wholeS = second;
        walks = found.walk.walks;
      }
      perSecond.push(tasks.calls.open + tasks.calls.read + tasks.calls.close - before);
      if (walks === 2) expect(second - wholeS).toBeLessThan(60);
    }
    expect(walks).toBe(2);
    // Open, read and close of each; the burst at the beginning is a second's worth.
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(3 * 1100);
    expect(tasks.openNow()).toBe(0);
  }, 60_000);

  it('256 followed threads in D cost two reads a second each, and as many descriptors', async () => {
    const tasks = fakeTasks();
    addProcess(tasks, 1000, 300, { state: 'D', wchan: 'io_schedule' });
    const followed = Array.from({ length: 256 }, (_, at) => ({ pid: 1000, tid: 1000 + at }));
    let nowMs = 0;
    const walk = createTaskWalk('/proc', tasks.io, () => nowMs, noneKnown);
    const run = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        walk.run(nowMs, { ...WANTED, followed, isFruitful: false });
        for (let times = 0; times < 2000 && walk.isWaiting(); times++) await setImmediate();
        nowMs += 100;
        walk.take();
      }
    };
    await run(50);
    const { open, read } = tasks.calls;
    await run(50);
    expect(tasks.calls.read - read).toBeLessThanOrEqual(2 * 256 * 5);
    expect(tasks.calls.open - open).toBe(0);
    expect(tasks.openNow()).toBe(2 * 256);
  });
});

describe('on this machine', () => {
  afterEach(endSubjects);
  afterAll(removeNative);

  it('every thread of a process with 400 is counted, and one that is followed is read as it is', async () => {
    const subject = await startSubject();
    expect(await subject.tell('rest 400')).toBe('ok');
    const { pid } = subject;
    const now = (): number => Math.floor(performance.now());
    const walk = createTaskWalk('/proc', taskIo, now, noneKnown);
    const followed = [{ pid, tid: pid }];
    let counted = 0;
    let looked: ThreadReading | undefined;
    for (let turn = 0; turn < 1000 && (counted === 0 || looked === undefined); turn++) {
      walk.run(now(), { ...WANTED, followed, named: followed, isVictim: (asked) => asked === pid });
      await sleep(20);
      const found = walk.take();
      if (found.walk.walks > 0) counted = found.walk.victim;
      const reading = found.readings.slice(0, found.count).find(({ tid }) => tid === pid);
      // Written again in the next turn.
      if (reading !== undefined) looked ??= { ...reading };
    }
    expect(counted).toBe(Number(statusField(pid, 'Threads')));
    expect(counted).toBeGreaterThan(400);
    expect(looked).toMatchObject({ pid, state: 'S', place: 'unknown', isKillPending: false });
    expect(looked?.switches).toBeGreaterThan(0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    expect(looked?.startTimeTicks).toBe(Number(stat[22 - 3]));
    await subject.end();
    let gone: ThreadReading | undefined;
    for (let turn = 0; turn < 200 && gone === undefined; turn++) {
      walk.run(now(), { ...WANTED, followed });
      await sleep(20);
      const found = walk.take();
      gone = found.readings.slice(0, found.count).find(({ tid, state }) => tid === pid && state === '');
    }
    expect(gone).toBeDefined();
    walk.run(now(), { ...WANTED, isOpen: false });
    while (walk.isWaiting()) await sleep(10);
  }, 60_000);
});
