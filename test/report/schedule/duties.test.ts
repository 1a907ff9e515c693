/** What is done by the clock, by the true node-cron; the clock is false only where a day would have to pass. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { SchedulesPolicy } from '../../../src/core/notice-policy.ts';
import type { DrillOutcome } from '../../../src/core/own-process-event.ts';
import { type Note, noteLine } from '../../../src/report/notes.ts';
import { createDrillRequest } from '../../../src/report/schedule/drill-request.ts';
import { type DutyPorts, startDuties } from '../../../src/report/schedule/duties.ts';
import { createSchedules } from '../../../src/report/schedule/schedules.ts';
import { signal, stamped } from '../events.ts';
import { createPipe, until } from '../pipe.ts';

const NEVER: SchedulesPolicy = { summary: '', prune: '', drill: '', selfCheck: '' };

let stop = (): void => undefined;
afterEach(() => {
  stop();
  stop = () => undefined;
  vi.useRealTimers();
});

const start = (policy: Partial<SchedulesPolicy>, ports: Partial<DutyPorts> = {}) => {
  const notes: Note[] = [];
  const told: string[] = [];
  let asked = 0;
  const world = { rss: 1, ageMs: 1 };
  const duties = startDuties(
    { ...NEVER, ...policy },
    {
      note: (note) => void notes.push(note),
      tell: (kind, level, summary) => void told.push(`${kind} ${level}: ${summary}`),
      prune: undefined,
      inDirectory: () => false,
      askForDrill: () => `asked ${++asked}`,
      rssBytes: () => world.rss,
      controlAgeMs: () => world.ageMs,
      controlLimitMs: 5000,
      directory: undefined,
      ...ports,
    },
  );
  stop = duties.stop;
  const result = (name: string): string => duties.list().find((each) => each.name === name)?.lastResult ?? '';
  return { duties, notes, told, world, result, asked: () => asked };
};

/** At the beginning of this minute in the host's time. */
const atLocal = (hour: number, minute: number): void => {
  vi.useFakeTimers({ now: new Date(2026, 10, 22, hour, minute, 30) });
};

describe('schedules', () => {
  test('are listed with their next run in the time of the host; what is off has none', () => {
    atLocal(6, 10);
    const { duties } = start({ summary: '0 7 * * *', drill: '0 4 1 * *' });
    expect(duties.list()).toEqual([
      {
        ...{ name: 'summary', cron: '0 7 * * *', lastMs: null, lastResult: '' },
        nextMs: new Date(2026, 10, 22, 7, 0, 0).getTime(),
      },
      { name: 'prune', cron: 'off', nextMs: null, lastMs: null, lastResult: '' },
      {
        ...{ name: 'drill', cron: '0 4 1 * *', lastMs: null, lastResult: '' },
        nextMs: new Date(2026, 11, 1, 4, 0, 0).getTime(),
      },
      { name: 'self_check', cron: 'off', nextMs: null, lastMs: null, lastResult: '' },
    ]);
  });

  test('the summary comes at its time, to the log and as a notice', async () => {
    atLocal(6, 59);
    const { duties, notes, told, result } = start({ summary: '0 7 * * *' });
    duties.event({ ...stamped(signal), timeMs: Date.now() });
    await vi.advanceTimersByTimeAsync(31_000);
    expect(told).toEqual(['summary info: in less than one of the last 24 h: 1 SIGKILL']);
    expect(notes.map((note) => noteLine(note).msg)).toEqual(['in less than one of the last 24 h: 1 SIGKILL']);
    expect(result('summary')).toBe('in less than one of the last 24 h: 1 SIGKILL');
    expect(duties.list()[0]).toMatchObject({
      lastMs: new Date(2026, 10, 22, 7, 0, 0).getTime(),
      nextMs: new Date(2026, 10, 23, 7, 0, 0).getTime(),
    });
  });

  test('by the true clock, each second', async () => {
    let runs = 0;
    const schedules = createSchedules([{ name: 'often', cron: '* * * * * *', run: () => `${++runs}` }], expect.fail);
    stop = schedules.stop;
    await until(() => runs >= 2);
    schedules.stop();
    expect(Number(schedules.list()[0]?.lastResult)).toBeGreaterThanOrEqual(2);
  });

  test('one that fails, or has an expression that is none, is told and keeps nobody else', async () => {
    const faults: string[] = [];
    const schedules = createSchedules(
      [
        { name: 'bad', cron: 'nonsense', run: () => '' },
        { name: 'fails', cron: '* * * * * *', run: () => Promise.reject(new Error('no disk')) },
      ],
      (error) => faults.push(error),
    );
    stop = schedules.stop;
    await until(() => faults.length >= 2);
    expect(faults[0]).toMatch(/^bad: /);
    expect(faults[1]).toBe('fails: no disk');
    expect(schedules.list().map(({ lastResult }) => lastResult)).toEqual(['', 'failed: no disk']);
    expect(schedules.list()[0]?.nextMs).toBeNull();
  });

  test('reports are pruned, and told when there were any', async () => {
    atLocal(3, 29);
    let reports = 2;
    const { notes, result } = start({ prune: '30 3 * * *' }, { prune: async () => reports });
    await vi.advanceTimersByTimeAsync(31_000);
    expect(result('prune')).toBe('2 deleted');
    expect(notes).toEqual([{ kind: 'pruned', reports: 2 }]);
    reports = 0;
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(result('prune')).toBe('0 deleted');
    expect(notes).toHaveLength(1);
  });

  test('the self-check tells the log each time, people once a day and when it is something else', async () => {
    atLocal(6, 16);
    const { notes, told, world, result } = start({ selfCheck: '17 * * * *' });
    const hours = (n: number): Promise<unknown> => vi.advanceTimersByTimeAsync(n * 3_600_000);
    await hours(1);
    expect(result('self_check')).toBe('ok');
    world.ageMs = 60_000;
    await hours(3);
    expect(notes).toHaveLength(3);
    expect(told).toEqual(['self_check warn: no numbers from control for 1 min 0 s']);
    world.rss = 300 << 20;
    await hours(1);
    expect(told).toHaveLength(2);
    await hours(25);
    expect(told).toHaveLength(3);
    world.rss = world.ageMs = 1;
    await hours(1);
    expect(result('self_check')).toBe('ok');
  });

  test('a drill is asked for, answered, and asked for again when it was put off, half a day at the most', async () => {
    atLocal(3, 59);
    const { duties, result, asked } = start({ drill: '0 4 * * *' });
    const answer = (outcome: DrillOutcome): void =>
      duties.event(stamped({ kind: 'drilled', outcome, durationMs: 12, detail: '' }));
    await vi.advanceTimersByTimeAsync(31_000);
    expect(result('drill')).toBe('asked 1');
    answer('not_calm');
    expect(result('drill')).toBe('put off, as the host is not calm');
    await vi.advanceTimersByTimeAsync(61 * 60_000);
    expect(result('drill')).toBe('asked 2');
    answer('passed');
    expect(result('drill')).toBe('passed in 12 ms');
    await vi.advanceTimersByTimeAsync(10 * 3_600_000);
    expect(asked()).toBe(2);
    for (let times = 0; times < 20; times++) {
      answer('not_calm');
      await vi.advanceTimersByTimeAsync(62 * 60_000);
    }
    // Eleven more of this drill; then that of the next day, and its own.
    expect(asked()).toBeLessThanOrEqual(2 + 11 + 1 + 12);
  });
});

describe('the request for a drill', () => {
  test('is one byte, and never waits', () => {
    const { readFd, writeFd } = createPipe();
    const ask = createDrillRequest(writeFd);
    expect(ask()).toBe('asked');
    const bytes = Buffer.alloc(100);
    expect(readSync(readFd, bytes)).toBe(1);
    for (let times = 0; times < 70_000; times++) if (ask() !== 'asked') break;
    expect(ask()).toBe('asked before, and not answered yet');
    closeSync(readFd);
    closeSync(writeFd);
  });

  test('says why it cannot be made', () => {
    expect(createDrillRequest(undefined)()).toBe('not asked: control is of an older version');
    const fd = openSync('/dev/null', constants.O_RDONLY);
    expect(createDrillRequest(fd)()).toBe('not asked: EBADF');
    closeSync(fd);
  });
});
