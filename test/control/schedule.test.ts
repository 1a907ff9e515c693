import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Schedule, schedule } from '../../src/control/schedule.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Turns every 100 ms, noting when it turned and when that was due. */
const turning = (during: (schedule: () => Schedule) => void = () => undefined) => {
  const turns: { atMs: number; dueMs: number }[] = [];
  const timing: Schedule = schedule(Date.now, (dueMs) => {
    turns.push({ atMs: Date.now(), dueMs });
    during(() => timing);
    return 100;
  });
  return { turns, timing, times: () => turns.map(({ atMs }) => atMs) };
};

describe('turns', () => {
  it('begin at once and follow each other after their own sleep', () => {
    const { times } = turning();
    vi.advanceTimersByTime(350);
    expect(times()).toEqual([0, 100, 200, 300]);
  });

  it('know when they were due', () => {
    const { turns } = turning(() => {
      vi.setSystemTime(Date.now() + 30);
    });
    vi.advanceTimersByTime(150);
    // A turn takes 30 ms; the next one is due 100 ms after its end.
    expect(turns[1]?.dueMs).toBe(130);
  });

  it('stop', () => {
    const { timing, times } = turning();
    vi.advanceTimersByTime(150);
    timing.stop();
    vi.advanceTimersByTime(1000);
    timing.wake();
    vi.advanceTimersByTime(1000);
    expect(times()).toEqual([0, 100]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stop from within a turn', () => {
    const { times } = turning((timing) => timing().stop());
    vi.advanceTimersByTime(1000);
    expect(times()).toEqual([0]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('waking', () => {
  it('turns now, on time, and the sleep begins anew', () => {
    const { turns, timing } = turning();
    vi.advanceTimersByTime(130);
    timing.wake();
    vi.advanceTimersByTime(200);
    expect(turns.map(({ atMs }) => atMs)).toEqual([0, 100, 130, 230, 330]);
    expect(turns[2]?.dueMs).toBe(130);
  });

  it('does not double the turns, however often it happens', () => {
    const { timing, times } = turning();
    vi.advanceTimersByTime(150);
    for (let count = 0; count < 50; count++) timing.wake();
    expect(times()).toHaveLength(52);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(times()).toHaveLength(53);
  });

  it('before the first turn is the first turn', () => {
    const { timing, times } = turning();
    timing.wake();
    vi.advanceTimersByTime(50);
    expect(times()).toEqual([0]);
  });
});
