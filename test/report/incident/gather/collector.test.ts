/** Where incidents begin and end, told by events and by quiet. */
import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../../../src/core/event.ts';
import { createCollector } from '../../../../src/report/incident/gather/collector.ts';
import type { OpenFacts } from '../../../../src/report/incident/gather/facts.ts';
import { holders, kernelKill, memory, signal, stamped, verify, victim } from '../../events.ts';
import { livelock } from '../../livelock-event.ts';

const collect = () => {
  const closed: { facts: OpenFacts; isOver: boolean }[] = [];
  const collector = createCollector({
    opened: () => undefined,
    closed: (facts, isOver) => void closed.push({ facts, isOver }),
    isTaken: (id) => closed.some(({ facts }) => facts.id === id),
  });
  let nowMs = Date.UTC(2026, 10, 25, 21, 34, 12);
  const tell = (event: OomwatchdEvent, afterMs = 0): void => {
    nowMs += afterMs;
    collector.take({ ...stamped(event), timeMs: nowMs });
  };
  const wait = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1000;
      collector.tick();
    }
  };
  return { collector, closed, tell, wait };
};

const level = (to: 'calm' | 'approach' | 'term'): OomwatchdEvent => ({
  ...{ kind: 'level', from: to === 'calm' ? 'term' : 'calm', to, detectors: [], memory },
  ...{ exhaustionMs: -1, memoryFullPermyriad: 0 },
});
const begins: OomwatchdEvent = { kind: 'episode_started', episode: 1, firstSignMs: 0, detectors: ['mem_available'] };
const ends: OomwatchdEvent = { kind: 'episode_ended', episode: 1, durationMs: 9000, signals: 1, returnedKiB: 5 };
const pod: Extract<OomwatchdEvent, { kind: 'cgroup' }> = {
  ...{ kind: 'cgroup', path: '/a', condition: 'oom_loop', holds: true, forMs: 10_000, currentKiB: 1, limitKiB: 1 },
  ...{ perS: 9, fullPermyriad: 9000, processes: 1, unkillable: 1, members: '' },
};

describe('an incident', () => {
  test('reaches back to the first sign, and ends when its episode is over and nothing more is told', () => {
    const { collector, closed, tell, wait } = collect();
    tell(level('approach'));
    tell(begins, 5000);
    tell({ ...signal, errno: 0 });
    wait(60);
    expect(closed).toEqual([]);
    tell(verify);
    tell(ends);
    tell(level('calm'));
    wait(14);
    expect(collector.open).toBeDefined();
    wait(1);
    expect(closed).toHaveLength(1);
    const { facts, isOver } = closed[0] as (typeof closed)[0];
    expect(isOver).toBe(true);
    expect(facts.id).toBe('20261125T213412Z-1');
    expect(facts.events.list().map(({ kind }) => kind)).toEqual([
      ...['level', 'episode_started', 'signal', 'verify', 'episode_ended', 'level'],
    ]);
    expect((facts.endedMs ?? 0) - facts.startedMs).toBe(65_000);
  });

  test('does not come of memory that gets short and is calm again', () => {
    const { collector, tell } = collect();
    tell(level('approach'));
    tell(level('calm'), 1000);
    tell(kernelKill, 1000);
    expect(collector.open?.events.list()).toHaveLength(1);
  });

  test('does not reach back further than ten minutes', () => {
    const { collector, tell } = collect();
    tell(level('approach'));
    tell(begins, 601_000);
    expect(collector.open?.events.list()).toHaveLength(1);
  });

  test.each<[string, OomwatchdEvent]>([
    ['a livelock', livelock],
    ['a kill of the kernel', kernelKill],
    ['memory that no kill returns', holders],
    ['nobody to kill', { kind: 'no_action', episode: 0, reason: 'no_candidate', detail: '', memory }],
    ['the kernel that finds nobody', { kind: 'kernel_note', note: 'no_killable', text: '' }],
  ])('begins with %s', (_, event) => {
    const { collector, tell } = collect();
    tell(event);
    expect(collector.open).toBeDefined();
  });

  test.each<[string, OomwatchdEvent]>([
    ['the end of a livelock', { ...livelock, stage: 'ends' }],
    ['a hung task', { kind: 'kernel_note', note: 'hung_task', text: '' }],
    ['holders that are gone', { ...holders, holders: [] }],
    [
      'a question who it would be',
      { kind: 'ranked', episode: 0, scanned: 1, top: [], excluded: {}, corrections: [], scanMs: 0 },
    ],
    ['a finding', { kind: 'finding', finding: { name: 'x', status: 'warn', found: '', meaning: '', remedy: '' } }],
    ['a death that is no affair of ours', { ...victim, killedBy: 'other' }],
  ])('does not begin with %s', (_, event) => {
    const { collector, tell } = collect();
    tell(event);
    expect(collector.open).toBeUndefined();
  });

  test('that began before this reporter is taken up in its middle', () => {
    const { collector, closed, tell, wait } = collect();
    tell({ kind: 'ranked', episode: 3, scanned: 1, top: [], excluded: {}, corrections: [], scanMs: 0 });
    wait(60);
    expect(collector.open).toBeDefined();
    tell({ ...ends, episode: 3 });
    wait(15);
    expect(closed).toHaveLength(1);
  });

  test('lasts while a livelock or the death of a victim does', () => {
    const { closed, tell, wait } = collect();
    tell(livelock);
    wait(100);
    tell({ ...livelock, stage: 'ends' });
    tell({ ...signal, errno: 0 });
    wait(100);
    expect(closed).toEqual([]);
    tell(victim);
    wait(15);
    expect(closed).toHaveLength(1);
  });

  test('is not kept open by strangers who die, nor by sources that come and go', () => {
    const { closed, tell, wait } = collect();
    tell(kernelKill);
    for (let times = 0; times < 15; times++) {
      tell({ ...victim, killedBy: 'other', pid: times });
      tell({ kind: 'source', name: 'psi', up: true, fault: false, detail: '' });
      wait(1);
    }
    expect(closed).toHaveLength(1);
  });

  test('of a cgroup that stays out of memory ends with it, however often it was told', () => {
    const { closed, tell, wait } = collect();
    for (let minute = 0; minute < 5; minute++) {
      tell({ ...pod, path: '/a' });
      tell({ ...pod, path: '/b' });
      wait(60);
    }
    tell({ ...pod, path: '/a', holds: false });
    wait(60);
    expect(closed).toEqual([]);
    tell({ ...pod, path: '/b', holds: false });
    wait(15);
    expect(closed).toHaveLength(1);
  });

  test('of a cgroup whose end goes untold is over when nothing has been told of it for ten minutes', () => {
    const { closed, tell, wait } = collect();
    tell(pod);
    wait(599);
    tell(pod);
    wait(600);
    expect(closed).toEqual([]);
    wait(15);
    expect(closed).toHaveLength(1);
  });

  test('whose end may be among lost events is closed when it has been quiet for ten minutes, and another is not', () => {
    const { closed, tell, wait } = collect();
    tell(begins);
    wait(3600);
    expect(closed).toEqual([]);
    tell({ kind: 'dropped', count: 3 });
    wait(500);
    tell({ ...signal, errno: 0 });
    wait(599);
    expect(closed).toEqual([]);
    wait(1);
    expect(closed.map(({ isOver }) => isOver)).toEqual([false]);
  });

  test('that was cut in its middle is told from one that was over', () => {
    const { collector, closed, tell } = collect();
    tell(begins);
    collector.cut();
    tell(kernelKill);
    collector.cut();
    expect(closed.map(({ isOver, facts }) => [isOver, facts.id.slice(-2)])).toEqual([
      [false, '-1'],
      [true, '-2'],
    ]);
  });
});

test('a service that the kernel kills every half minute fills no directory: from the sixth on they are one', () => {
  const { closed, tell, wait } = collect();
  for (let times = 0; times < 100; times++) {
    tell(kernelKill);
    wait(30);
  }
  expect(closed).toHaveLength(5);
  wait(600);
  expect(closed).toHaveLength(6);
  expect(closed[5]?.facts.events.list()).toHaveLength(95);
});
