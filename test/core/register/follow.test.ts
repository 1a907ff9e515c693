/** Deadlines, what is asked for off the loop, and what comes back from there. */
import { describe, expect, it } from 'vitest';
import type { Dying, ReapResult, StuckReason } from '../../../src/core/dying.ts';
import { registerDueMs } from '../../../src/core/register/follow.ts';
import { createRegister } from '../../../src/core/register/register.ts';
import { victimLimitMs } from '../../../src/core/select/rules/timers.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aDying, aReaped, aSight, following, LIMIT_MS } from '../support/registers.ts';

const stuckAt = (events: readonly unknown[]): boolean => JSON.stringify(events).includes('"life":"stuck"');

describe('the timer of a victim', () => {
  it('ends after five seconds: it is told as stuck, once, and ignored from then on', () => {
    const { at, register } = following([aDying({ sinceMs: 100 })]);
    expect(at(100 + LIMIT_MS - 1, { sights: [aSight()] })).toMatchObject([{ life: 'taken' }]);
    expect(register.dying[0]?.isIgnored).toBe(false);
    expect(at(100 + LIMIT_MS, { sights: [aSight()] })).toMatchObject([{ life: 'stuck', afterMs: LIMIT_MS }]);
    expect(register.dying[0]?.isIgnored).toBe(true);
    expect(at(100 + 2 * LIMIT_MS, { sights: [aSight()] })).toEqual([]);
  });

  it('is its own: a later victim does not prolong it, as the one timer of the patch would', () => {
    const { at } = following([aDying(), aDying({ pid: 8, slot: 4, sinceMs: 3000 })]);
    const sights = [aSight(), aSight({ pid: 8 })];
    expect(at(LIMIT_MS, { sights })).toMatchObject([
      { pid: 7, life: 'stuck' },
      { pid: 8, life: 'taken' },
    ]);
    expect(at(3000 + LIMIT_MS, { sights })).toMatchObject([{ pid: 8, life: 'stuck' }]);
  });

  it('never ends where the policy switches it off', () => {
    const { at } = following([aDying()], { limitMs: victimLimitMs(LIMIT_MS, false) });
    for (let nowMs = 0; nowMs < 86_400_000; nowMs += 3_600_000) {
      expect(stuckAt(at(nowMs, { sights: [aSight()] }))).toBe(false);
    }
  });

  it('does not call stuck what was reaped, and waits for it no longer than for others', () => {
    const { at, register } = following([aDying({ reap: 'released', life: 'reaped' })]);
    expect(at(LIMIT_MS, { sights: [aSight()] })).toEqual([]);
    expect(register.dying[0]).toMatchObject({ life: 'reaped', isIgnored: true });
  });

  it('has no meaning for what is gone at that very moment', () => {
    const { at } = following([aDying()]);
    expect(at(LIMIT_MS, { sights: [aSight({ isGone: true })] })).toMatchObject([{ life: 'gone' }]);
  });
});

describe('what is asked for', () => {
  const ENFORCE = defaultPolicy('mode: enforce');
  const asked = (
    dying: Partial<Dying>,
    nowMs: number,
    { level = LEVEL.KILL as number, policy = ENFORCE } = {},
  ): string[] => {
    const { at, tasks } = following([aDying(dying)], { level, policy });
    at(nowMs);
    return tasks.map(({ kind }) => kind);
  };

  it.each<[string, Partial<Dying>, number, number, string[]]>([
    ['ours at once, whatever the level', {}, 0, LEVEL.CALM, ['reap']],
    ['ours once', { reap: 'running' }, 300, LEVEL.KILL, []],
    ['those of others after 200 ms', { killedBy: 'kernel' }, 200, LEVEL.TERM, ['reap']],
    ['not before: most go by themselves', { killedBy: 'kernel' }, 199, LEVEL.TERM, []],
    ['not while nothing is short', { killedBy: 'other' }, 900, LEVEL.APPROACH, []],
    ['whoever exits by himself as well', { killedBy: 'itself', life: 'exiting' }, 200, LEVEL.TERM, ['reap']],
    ['never without a descriptor', { slot: ABSENT }, 0, LEVEL.KILL, []],
  ])('process_mrelease(2): %s', (_, dying, nowMs, level, expected) => {
    expect(asked(dying, nowMs, { level })).toEqual(expected);
  });

  it('process_mrelease(2): never in observe mode, nor where the policy forbids it', () => {
    expect(asked({}, 0, { policy: defaultPolicy('mode: observe') })).toEqual([]);
    expect(asked({}, 0, { policy: { ...ENFORCE, act: { ...ENFORCE.act, reap: false } } })).toEqual([]);
  });

  it('marks what it has asked for, so that nobody asks twice', () => {
    const { at, register, tasks } = following([aDying()]);
    at(70);
    at(80);
    expect(tasks).toHaveLength(1);
    expect(register.dying[0]).toMatchObject({ reap: 'running' });
  });

  it.each<[string, number, number[], StuckReason | null, number]>([
    ['a second after the kill', 999, [1000], null, 1],
    ['once when the reason is known', 1000, [1050, 9000], 'fuse', 1],
    ['again after four seconds when it is not', 1000, [4999, 5000, 5050], null, 2],
    ['again when the answer was "unknown"', 1000, [4999, 5000], 'unknown', 2],
  ])('an examination: %s', (_, firstMs, laterMs, reason, times) => {
    const { at, register, tasks } = following([aDying({ reap: 'running' })]);
    at(firstMs);
    (register.dying[0] as Dying).reason = reason;
    for (const nowMs of laterMs) at(nowMs);
    expect(tasks.map(({ kind }) => kind)).toEqual(Array.from({ length: times }, () => 'examine'));
  });

  it('nothing any more of what is gone', () => {
    const { at, tasks } = following([aDying()]);
    at(1500, { sights: [aSight({ isGone: true })] });
    expect(tasks).toEqual([]);
  });
});

describe('what process_mrelease(2) came to', () => {
  it.each<[ReapResult, StuckReason | null]>([
    ['released', null],
    ['gone', null],
    ['again', null],
    ['hung', 'mmap_lock'],
    ['sharer_alive', 'sharer_alive'],
    ['core_dump', 'core_dump'],
    ['not_dying', null],
    ['unsupported', null],
    ['failed', null],
  ])('is told: %s', (result, reason) => {
    const { at, register } = following([aDying({ reap: 'running' })]);
    const releasedKiB = result === 'released' ? 90 * MIB : 0;
    expect(at(70, { reaped: [aReaped({ result, releasedKiB })] })).toEqual([
      { kind: 'reap', episode: 4, pid: 7, comm: 'leak', result, tries: 1, durationMs: 2, releasedKiB },
    ]);
    expect(register.dying[0]).toMatchObject({ reap: result, reason });
  });

  it('tells the tries that it took', () => {
    const { at } = following([aDying({ reap: 'running' })]);
    const told = at(90, { reaped: [aReaped({ tries: 3, releasedKiB: 4 })] });
    expect(told).toMatchObject([{ kind: 'reap', tries: 3, releasedKiB: 4 }]);
  });

  it('names the lock, unless somebody has found out where', () => {
    const { at, register } = following([aDying(), aDying({ pid: 8, detail: 'thread 9 in D' })]);
    at(70, { reaped: [aReaped({ result: 'hung' }), aReaped({ pid: 8, result: 'hung' })] });
    expect(register.dying[0]?.detail).toContain('mmap_lock');
    expect(register.dying[1]).toMatchObject({ reason: 'mmap_lock', detail: 'thread 9 in D' });
  });

  it('does not talk over a reason that is known', () => {
    const { at, register } = following([aDying({ reason: 'frozen_v1' })]);
    at(70, { reaped: [aReaped({ result: 'sharer_alive' })] });
    expect(register.dying[0]?.reason).toBe('frozen_v1');
  });

  it('is of no interest once the process has left the register', () => {
    expect(following().at(70, { reaped: [aReaped()] })).toEqual([]);
  });
});

describe('what an examination finds', () => {
  const found = (known: Partial<Dying>, reason: StuckReason) => {
    const { at, register } = following([aDying({ reap: 'running', ...known })]);
    const events = at(70, { examined: [{ pid: 7, reason, detail: 'thread 9 in D', blockers: [] }] });
    return { told: events.length, reason: register.dying[0]?.reason, detail: register.dying[0]?.detail };
  };

  it.each<[string, Partial<Dying>, StuckReason, unknown]>([
    ['is told', {}, 'fuse', { told: 1, reason: 'fuse', detail: 'thread 9 in D' }],
    ['is told when it is nothing', {}, 'unknown', { told: 1, reason: 'unknown', detail: 'thread 9 in D' }],
    ['is told once', { reason: 'fuse' }, 'fuse', { told: 0, reason: 'fuse', detail: 'thread 9 in D' }],
    ['replaces "unknown"', { reason: 'unknown' }, 'nfs', { told: 1, reason: 'nfs', detail: 'thread 9 in D' }],
    [
      'keeps "unknown" fresh',
      { reason: 'unknown' },
      'unknown',
      { told: 0, reason: 'unknown', detail: 'thread 9 in D' },
    ],
    [
      'says more than a hung reap',
      { reason: 'mmap_lock' },
      'fuse',
      { told: 1, reason: 'fuse', detail: 'thread 9 in D' },
    ],
    ...(['mmap_lock', 'sharer_alive', 'core_dump'] as const).map(
      (reason): [string, Partial<Dying>, StuckReason, unknown] => [
        `does not unsay ${reason}, which process_mrelease(2) has proved`,
        { reason, detail: 'as was found' },
        'unknown',
        { told: 0, reason, detail: 'as was found' },
      ],
    ),
  ])('%s', (_, known, reason, expected) => {
    expect(found(known, reason)).toEqual(expected);
  });

  it('is of no interest once the process has left the register', () => {
    expect(following().at(70, { examined: [{ pid: 7, reason: 'fuse', detail: '', blockers: [] }] })).toEqual([]);
  });
});

describe('the next look', () => {
  it.each<[string, Partial<Dying>[], number, number, number]>([
    ['is not due when nobody is dying', [], 0, LIMIT_MS, ABSENT],
    ['is close in the first second', [{}], 0, LIMIT_MS, 50],
    ['is close up to its end', [{}], 999, LIMIT_MS, 50],
    ['comes twice a second after it', [{}], 1000, LIMIT_MS, 500],
    ['comes at the deadline', [{}], 4900, LIMIT_MS, 100],
    ['is overdue after the deadline', [{}], 9000, LIMIT_MS, 0],
    ['comes twice a second where there is no deadline', [{}], 90_000, Number.POSITIVE_INFINITY, 500],
    ['is for nobody who is ignored', [{ isIgnored: true }], 100, LIMIT_MS, ABSENT],
    ['is the nearest of all', [{}, { isIgnored: true }, { sinceMs: 4500 }], 4900, LIMIT_MS, 50],
    ['is the nearest of all, in any order', [{ sinceMs: 4500 }, {}], 4900, LIMIT_MS, 50],
  ])('%s', (_, entries, nowMs, limitMs, expected) => {
    const register = createRegister();
    register.dying.push(...entries.map((each) => aDying(each)));
    expect(registerDueMs(register, limitMs, nowMs)).toBe(expected);
  });
});
