import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dying, LIVES, type Life, REAP_RESULTS, type Sight } from '../../../src/core/dying.ts';
import { advance, lifeOf, victimEvent } from '../../../src/core/register/lives.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { aDying, aReaped, aSight, following, LIMIT_MS } from '../support/registers.ts';

describe('what a sight shows', () => {
  it.each<[string, Partial<Sight>, Partial<Dying>, Life]>([
    ['SIGKILL is pending, no thread has reacted', { isPending: true }, {}, 'signalled'],
    ['a thread has reacted', {}, {}, 'taken'],
    ['the leader is a zombie, others live', { isLeaderZombie: true, isPending: true }, {}, 'exiting'],
    ['oom_score 0 and no thread with memory', { oomScore: 0, rssKiB: ABSENT }, {}, 'reaped'],
    ['oom_score 0 and a fifth of its memory', { oomScore: 0, rssKiB: 20 * MIB }, {}, 'reaped'],
    ['oom_score 0 and more: a vfork child', { oomScore: 0, rssKiB: 20 * MIB + 1 }, {}, 'taken'],
    ['oom_score 0 of one whose size nobody knows', { oomScore: 0 }, { sizeKiB: ABSENT }, 'reaped'],
    ['a score that was not read says nothing', { oomScore: ABSENT, rssKiB: 0 }, {}, 'taken'],
    ['process_mrelease(2) has taken its memory', { isLeaderZombie: true }, { reap: 'released' }, 'reaped'],
    ['process_mrelease(2) found it without memory', {}, { reap: 'gone' }, 'reaped'],
    ['process_mrelease(2) could not', {}, { reap: 'again' }, 'taken'],
    ['it is gone', { isGone: true, isPending: true }, { reap: 'released' }, 'gone'],
  ])('%s', (_, sight, dying, life) => {
    expect(lifeOf(aDying(dying), aSight(sight))).toBe(life);
  });
});

it('is told with all that is known of it', () => {
  const dying = aDying({ life: 'stuck', reason: 'fuse', detail: 'connection 42', sinceMs: 100 });
  expect(victimEvent(dying, 4, 5100)).toEqual({
    ...{ kind: 'victim', episode: 4, pid: 7, comm: 'leak', killedBy: 'oomwatchd', life: 'stuck' },
    ...{ afterMs: 5000, sizeKiB: 100 * MIB, reason: 'fuse', detail: 'connection 42' },
  });
});

describe('a life', () => {
  it('is told at each stage, once, with its time', () => {
    const { at, register } = following([aDying()]);
    const lives = (nowMs: number, sight: Partial<Sight>): unknown[] =>
      at(nowMs, { sights: [aSight(sight)] }).map((event) => event.kind === 'victim' && [event.life, event.afterMs]);
    expect(lives(10, { isPending: true })).toEqual([]);
    expect(lives(60, {})).toEqual([['taken', 60]]);
    expect(lives(110, {})).toEqual([]);
    expect(lives(160, { isLeaderZombie: true })).toEqual([['exiting', 160]]);
    expect(lives(210, { isLeaderZombie: true, oomScore: 0, rssKiB: 0 })).toEqual([['reaped', 210]]);
    expect(register.dying).toHaveLength(1);
    expect(lives(260, { isGone: true })).toEqual([['gone', 260]]);
    expect(register.dying).toEqual([]);
  });

  it('may end after it was given up on', () => {
    const { at } = following([aDying()]);
    expect(at(LIMIT_MS, { sights: [aSight()] })).toMatchObject([{ kind: 'victim', life: 'stuck' }]);
    expect(at(LIMIT_MS + 50, { sights: [aSight()], reaped: [aReaped()] })).toMatchObject([
      { kind: 'reap' },
      { kind: 'victim', life: 'reaped' },
    ]);
    expect(at(LIMIT_MS + 99, { sights: [aSight({ isGone: true })] })).toMatchObject([{ kind: 'victim', life: 'gone' }]);
  });

  it('of a process that left by itself begins with its exit', () => {
    const { at } = following([aDying({ killedBy: 'itself', life: 'exiting' })]);
    expect(at(50, { sights: [aSight({ isPending: false })] })).toEqual([]);
  });

  it('is not looked for in the sight of another', () => {
    const { at, register } = following([aDying()]);
    expect(at(50, { sights: [aSight({ pid: 8, isGone: true })] })).toEqual([]);
    expect(register.dying).toHaveLength(1);
  });
});

/** The order of kernel and reaper: who is stuck may still be reaped, nobody comes back. */
const ORDER: readonly Life[] = ['signalled', 'taken', 'exiting', 'stuck', 'reaped', 'gone'];

it('knows all stages', () => {
  expect([...ORDER].sort()).toEqual([...LIVES].sort());
});

it('never goes backwards, whatever is seen and whatever comes of its reaping', () => {
  const sight = fc.record({
    isGone: fc.boolean(),
    isPending: fc.boolean(),
    isLeaderZombie: fc.boolean(),
    rssKiB: fc.constantFrom(ABSENT, 0, 100 * MIB),
    oomScore: fc.constantFrom(ABSENT, 0, 700),
  });
  const turn = fc.record({ sight, ms: fc.nat({ max: 2000 }), result: fc.constantFrom(null, ...REAP_RESULTS) });
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 12 }), (turns) => {
      const { at, told, register } = following([aDying()]);
      let nowMs = 0;
      for (const { sight: seen, ms, result } of turns) {
        nowMs += ms;
        const reaped = result === null ? [] : [aReaped({ result })];
        at(nowMs, { sights: register.dying.length > 0 ? [aSight(seen)] : [], reaped });
      }
      const stages = told.flatMap((event) => (event.kind === 'victim' ? [event.life] : []));
      const steps = stages.map((life) => ORDER.indexOf(life));
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
      if (stages.includes('gone')) expect(register.dying).toEqual([]);
    }),
  );
});

it('moves on to what is further, and to nothing else', () => {
  for (const from of ORDER) {
    for (const to of ORDER) {
      const dying = aDying({ life: from });
      const isFurther = ORDER.indexOf(to) > ORDER.indexOf(from);
      expect([from, to, advance(dying, to)]).toEqual([from, to, isFurther]);
      expect(dying.life).toBe(isFurther ? to : from);
    }
  }
});
