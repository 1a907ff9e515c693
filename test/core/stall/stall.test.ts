import { describe, expect, it } from 'vitest';
import { newDying } from '../../../src/core/dying.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { createStallWatch, followStall } from '../../../src/core/stall/stall.ts';
import { emptyStallSummary } from '../../../src/core/stall-summary.ts';
import { createThreadFindings, type ThreadReading } from '../../../src/core/thread-readings.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aSample } from '../support/samples.ts';
import { aReading, asleepAt, KSWAPD, kindsOf } from './threads.ts';

/** A watch with a turn a second; what `found` gives at that time is what came in. */
const scene = (yaml = '') => {
  const watch = createStallWatch();
  const summary = emptyStallSummary();
  const findings = createThreadFindings(512);
  const victims: ReturnType<typeof newDying>[] = [];
  const told: { atMs: number; event: OomwatchdEvent }[] = [];
  const policy = defaultPolicy(yaml);
  let nowMs = 0;
  const run = (
    seconds: number,
    found: (atMs: number) => ThreadReading[],
    sample: Partial<Sample> | null = {},
  ): void => {
    for (let turn = 0; turn < seconds; turn++) {
      nowMs += 1000;
      const readings = found(nowMs);
      findings.count = readings.length;
      readings.forEach((reading, at) => {
        Object.assign(findings.readings[at] as ThreadReading, reading);
      });
      const events: OomwatchdEvent[] = [];
      const numbers = aSample(sample === null ? {} : { allocstall: nowMs, ...sample });
      followStall(watch, summary, numbers, findings, victims, policy, nowMs, events);
      for (const event of events) told.push({ atMs: nowMs, event });
    }
  };
  const of = (kind: OomwatchdEvent['kind']) => told.filter(({ event }) => event.kind === kind);
  return { watch, summary, findings, victims, told, run, of };
};

const two = (atMs: number): ThreadReading[] => [
  aReading(atMs, { switches: 12 }),
  asleepAt('over_high', atMs, { tid: 72 }),
];
const nobody = (): ThreadReading[] => [];

describe('the watch', () => {
  it('counts what stalls, where it is, and for how long', () => {
    const { run, summary, findings } = scene();
    Object.assign(findings.walk, { walks: 1, threads: 90, dying: 2, exiting: 3, victim: 0 });
    run(2, nobody);
    run(2, (atMs) => [
      ...two(atMs),
      asleepAt('mmap_lock', atMs, { tid: 73, isKillPending: true }),
      asleepAt('page_io', atMs, { tid: 74, majorFaults: atMs, flags: 0x440000 }),
      aReading(atMs, KSWAPD),
    ]);
    const { seen, dying, exiting, ...counts } = summary;
    expect(counts).toEqual({
      ...{ stalling: 4, victim: 0, longestMs: 1000, uninterruptible: 3, runnable: 1 },
      ...{ overHigh: 1, mmapLock: 1, pageIo: 1, noFs: 1 },
    });
    // A walk of before it opened says nothing.
    expect([seen, dying, exiting]).toEqual([ABSENT, 1, 0]);
    findings.walk.walks = 2;
    run(1, two);
    expect(summary).toMatchObject({ seen: 90, dying: 2, exiting: 3 });
  });

  it('looks at nothing while nothing stalls, and forgets when it is over', () => {
    const { run, summary, watch } = scene();
    run(5, two, null);
    expect([watch.isOpen, watch.suspects.list.length, summary.stalling]).toEqual([false, 0, 0]);
    run(5, two);
    expect([watch.isOpen, watch.suspects.list.length, summary.stalling]).toEqual([true, 2, 2]);
    run(6, two, null);
    expect([watch.isOpen, watch.suspects.list.length]).toEqual([false, 0]);
    expect(summary).toEqual(emptyStallSummary());
  });

  it('counts no fewer victims than are known, and none when nobody is one', () => {
    const { run, summary, findings, victims } = scene();
    victims.push(newDying(0, 70, 'java', 'kernel', 9, 0), newDying(1, 80, 'x', 'itself', 9, 0));
    findings.walk.walks = 1;
    run(3, two);
    expect(summary.victim).toBe(1);
    Object.assign(findings.walk, { walks: 2, victim: 12 });
    run(1, two);
    expect(summary.victim).toBe(12);
    (victims[0] as { life: string }).life = 'gone';
    run(1, two);
    expect(summary.victim).toBe(0);
  });

  it('tells once that a stat hangs, and once that it does not any more', () => {
    const { run, findings, of } = scene();
    findings.hungPid = 70;
    run(3, nobody);
    findings.hungPid = ABSENT;
    run(3, nobody);
    expect(of('source').map(({ event }) => event)).toMatchObject([
      { name: 'task_stat', up: false, detail: expect.stringContaining('pid 70') },
      { name: 'task_stat', up: true, detail: '' },
    ]);
  });

  it('is off by policy', () => {
    const { run, watch, summary, told } = scene('stall: { enabled: false }');
    run(100, two);
    expect([watch.isOpen, summary.stalling, told.length]).toEqual([false, 0, 0]);
  });
});

describe('a warning', () => {
  it('comes when a thread has stalled for ten seconds, then every minute, and it is told when it is over', () => {
    const { run, of, told } = scene();
    run(2, nobody);
    run(100, two, { oomKill: 3 });
    run(20, nobody, null);
    expect(of('stall').map(({ atMs }) => atMs)).toEqual([13_000, 73_000]);
    expect(of('stall')[0]?.event).toEqual({
      ...{ kind: 'stall', stalling: 2, dying: 0, exiting: 0, victim: 0, oomCount: 3, longestMs: 10_000, seen: ABSENT },
    });
    expect(of('stall_over').map(({ event }) => event)).toEqual([{ kind: 'stall_over', longestMs: 99_000 }]);
    expect(kindsOf(told.map(({ event }) => event)).slice(0, 3)).toEqual(['stall', 'stalled_task', 'stalled_task']);
  });

  it('names each thread with what is known of it', () => {
    const { run, of, victims } = scene();
    victims.push(newDying(0, 70, 'java', 'kernel', 9, 0));
    run(14, (atMs) => [
      aReading(atMs, { switches: 12, isKillPending: true }),
      asleepAt('reclaim', atMs, { pid: 90, tid: 91, flags: 0x400804, comm: 'b' }),
      aReading(atMs, { ...KSWAPD, state: 'D' }),
    ]);
    const base = { kind: 'stalled_task', isUninterruptible: true, isExiting: false, isDying: false, isVictim: false };
    expect(of('stalled_task').map(({ event }) => event)).toEqual([
      {
        ...{
          ...base,
          pid: 70,
          tid: 71,
          comm: 'java',
          flags: 0x400800,
          switches: 12,
          delayMs: 10_000,
          place: 'unknown',
        },
        ...{ isUninterruptible: false, isDying: true, isVictim: true },
      },
      {
        ...{ ...base, pid: 90, tid: 91, comm: 'b', flags: 0x400804, switches: ABSENT, delayMs: 10_000 },
        ...{ place: 'reclaim', isExiting: true },
      },
      {
        ...{ ...base, pid: 60, tid: 60, comm: 'kswapd0', flags: 0x220840, switches: ABSENT, delayMs: ABSENT },
        place: 'unknown',
      },
    ]);
  });

  it('names five at the most, those that stall longest', () => {
    const { run, of } = scene();
    const from = (count: number) => (atMs: number) =>
      Array.from({ length: count }, (_, at) => aReading(atMs, { tid: 100 - at }));
    run(3, from(1));
    run(20, from(300));
    const named = of('stalled_task').map(({ event }) => (event.kind === 'stalled_task' ? event.tid : 0));
    expect(named).toHaveLength(5);
    expect(named[0]).toBe(100);
    expect(of('stall')[0]?.event).toMatchObject({ stalling: 256 });
  });

  it('does not come for stalls that are shorter, nor is it told that they are over', () => {
    const { run, told } = scene();
    for (let time = 0; time < 20; time++) {
      run(9, two);
      run(8, nobody, null);
    }
    expect(told).toEqual([]);
  });

  it('comes at most every ten seconds, whatever comes and goes', () => {
    const { run, of } = scene('stall: { warn_after: 2s, repeat: 10s }');
    for (let time = 0; time < 50; time++) {
      run(4, two);
      run(3, nobody);
      run(time % 9, nobody, null);
    }
    const times = of('stall').map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(3);
    times.slice(1).forEach((atMs, at) => {
      expect(atMs - (times[at] as number)).toBeGreaterThanOrEqual(10_000);
    });
  });
});
