/** Patch 6, seen from outside: with vm.oom_kill_allocating_task = 1 the kernel kills eight in 0.6 s. */
import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { following, killed, marked } from '../support/registers.ts';

const GROUP_KILL: KernelEvent = { kind: 'group_kill', source: 'kmsg', timeUs: 0, memcg: '/pod' };

/** Kills at these times, then silence; what was told of bursts. */
const bursts = (
  batches: Readonly<Record<number, readonly KernelEvent[]>>,
  sampleAt: (nowMs: number) => Partial<Sample> = () => ({ oomKillAllocatingTask: 1 }),
): Extract<OomwatchdEvent, { kind: 'kill_burst' }>[] => {
  const { at, told } = following();
  for (let nowMs = 0; nowMs <= 8000; nowMs += 10) at(nowMs, { kernel: batches[nowMs] ?? [] }, sampleAt(nowMs));
  return told.flatMap((event) => (event.kind === 'kill_burst' ? [event] : []));
};

const everyMs = (ms: number, kills: number): Record<number, KernelEvent[]> =>
  Object.fromEntries(Array.from({ length: kills }, (_, at) => [at * ms, [killed(100 + at)]]));

describe('a burst of kills', () => {
  it('of eight in 0.6 s is told once, with its count, when it has ended', () => {
    const batches = everyMs(80, 8);
    expect(bursts(batches)).toEqual([{ kind: 'kill_burst', kills: 8, withinMs: 560, oomKillAllocatingTask: 1 }]);
  });

  it('is not told before it has ended', () => {
    const { at, told } = following();
    at(0, { kernel: [killed(7), killed(8)] });
    at(1000);
    expect(told.filter(({ kind }) => kind === 'kill_burst')).toEqual([]);
    at(1001);
    expect(told.filter(({ kind }) => kind === 'kill_burst')).toHaveLength(1);
  });

  it('of eight in one tick is one as well', () => {
    const kernel = Array.from({ length: 8 }, (_, at) => killed(100 + at));
    expect(bursts({ 0: kernel })).toMatchObject([{ kills: 8, withinMs: 0 }]);
  });

  it('counts a process once, whatever its records', () => {
    expect(bursts({ 0: [killed(7), marked(7)], 100: [marked(8)], 200: [killed(8), killed(8)] })).toMatchObject([
      { kills: 2 },
    ]);
  });

  it('is none of one kill, nor of two that are more than a second apart', () => {
    expect(bursts({ 0: [killed(7)] })).toEqual([]);
    expect(bursts({ 0: [killed(7)], 1010: [killed(8)] })).toEqual([]);
    expect(bursts({ 0: [killed(7)], 1000: [killed(8)] })).toMatchObject([{ kills: 2, withinMs: 1000 }]);
  });

  it('ends with a second of silence: the next one is another', () => {
    expect(bursts({ 0: [killed(1), killed(2)], 3000: [killed(3), killed(4), killed(5)] })).toMatchObject([
      { kills: 2 },
      { kills: 3 },
    ]);
  });

  it('tells the sysctl as it was read last: the tick that ends it need not read it', () => {
    const readOnce = (nowMs: number): Partial<Sample> => (nowMs === 50 ? { oomKillAllocatingTask: 1 } : {});
    expect(bursts(everyMs(80, 2), readOnce)).toMatchObject([{ oomKillAllocatingTask: 1 }]);
    expect(bursts(everyMs(80, 2), () => ({}))).toMatchObject([{ oomKillAllocatingTask: -1 }]);
  });
});

describe('the members of a cgroup with memory.oom.group', () => {
  const members = [killed(8), killed(9), killed(10)];

  it('die together on purpose: no burst', () => {
    expect(bursts({ 0: [killed(7), GROUP_KILL, ...members] })).toEqual([]);
    expect(bursts({ 0: [killed(7)], 50: [GROUP_KILL], 100: members })).toEqual([]);
  });

  it('hide no burst that comes later', () => {
    expect(bursts({ 0: [killed(7), GROUP_KILL, ...members], 2000: [killed(11), killed(12)] })).toMatchObject([
      { kills: 2 },
    ]);
  });
});
