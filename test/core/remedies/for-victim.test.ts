/** Remedies for victims that do not go: when, for what, how often, and what each brought. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KilledBy, Life } from '../../../src/core/dying.ts';
import { EFFECT_MS } from '../../../src/core/remedies/follow.ts';
import { ONCE_MS } from '../../../src/core/remedies/remedies.ts';
import { REMEDY_RESULTS } from '../../../src/core/remedy.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { aVictim, came, FILE_SYSTEM, FREEZER, FREEZER_V2, FUSE, following, policyOf } from './support.ts';

describe('a victim that does not go', () => {
  it.each([
    [FUSE, 'abort_fuse 42'],
    [FREEZER, 'thaw_freezer_v1 /docker/a'],
    [FREEZER_V2, 'thaw_freezer_v2 /pod/a'],
    [FILE_SYSTEM, 'thaw_file_system 8:17'],
  ])('what it waits for is released after its time: %o', (blocker, words) => {
    const { at, asked, events } = following([aVictim(7, [blocker])]);
    expect(at(1999)).toEqual([]);
    expect(at(2000)).toEqual([`before ${words}`, `asks ${words.split(' ')[0]}`]);
    expect(asked[0]).toEqual({
      ...{ serial: 1, kind: words.split(' ')[0], object: blocker.object, place: blocker.place, pid: 7, tid: 9 },
      ...{ fromKiB: ABSENT, toKiB: ABSENT, belowKiB: ABSENT, dryRun: false },
    });
    expect(events[0]).toMatchObject({ comm: 'victim7', detail: 'thread 9 (D)', result: null, effect: null });
  });

  it.each([
    ['thawCgroup', FREEZER],
    ['thawCgroup', FREEZER_V2],
    ['thawFileSystem', FILE_SYSTEM],
    ['abortFuse', FUSE],
  ])('is left alone without %s', (key, blocker) => {
    expect(following([aVictim(7, [blocker])], policyOf({ [key]: false })).at(9000)).toEqual([]);
  });

  it.each<[KilledBy, Life, number]>([
    ['oomwatchd', 'stuck', 1],
    ['oomwatchd', 'reaped', 1],
    ['kernel', 'taken', 1],
    ['standby', 'taken', 1],
    ['other', 'stuck', 0],
    ['itself', 'exiting', 0],
    ['oomwatchd', 'gone', 0],
  ])('of %s, %s: %i', (killedBy, life, count) => {
    const { at, asked } = following([aVictim(7, [FUSE], { killedBy, life })]);
    at(3000);
    expect(asked).toHaveLength(count);
  });

  it('is left alone while nobody knows for certain what it waits for', () => {
    expect(following([aVictim(7, [])]).at(9000)).toEqual([]);
  });

  it('in observe mode all is done but the last system call', () => {
    const { at } = following([aVictim(7, [FUSE])], policyOf({}, 'observe'));
    expect(at(2000)).toEqual(['before abort_fuse 42', 'asks abort_fuse (dry)']);
    expect(at(2100, { remedied: [came(1, { result: 'observed' })] })).toEqual(['after abort_fuse 42 observed']);
    expect(at(9000)).toEqual([]);
  });
});

describe('what it brought', () => {
  it('is that the victim is gone, with the values that were written', () => {
    const victim = aVictim(7, [FREEZER]);
    const { at, events } = following([victim]);
    at(2000);
    expect(at(2010, { remedied: [came(1, { oldValue: 'FREEZING', newValue: 'THAWED' })] })).toEqual([
      'after thaw_freezer_v1 /docker/a done',
    ]);
    expect(at(2100)).toEqual([]);
    victim.life = 'gone';
    expect(at(2200)).toEqual(['effect thaw_freezer_v1 /docker/a done victim_gone']);
    expect(at(2300)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ oldValue: 'FREEZING', newValue: 'THAWED', afterMs: 200 });
  });

  it('is nothing when the victim is there after 5 s; then the next remedy has its turn', () => {
    const { at } = following([aVictim(7, [FREEZER_V2, FUSE])]);
    at(2000);
    at(2010, { remedied: [came(1)] });
    expect(at(2009 + EFFECT_MS)).toEqual([]);
    expect(at(2010 + EFFECT_MS)).toEqual([
      'effect thaw_freezer_v2 /pod/a done victim_stays',
      'before abort_fuse 42',
      'asks abort_fuse',
    ]);
  });

  it.each(['changed', 'refused'] as const)(
    'is not asked where nothing was written (%s): the next has its turn',
    (result) => {
      const { at } = following([aVictim(7, [FREEZER_V2, FUSE])]);
      at(2000);
      expect(at(2010, { remedied: [came(1, { result, errno: 13 })] })).toEqual([
        `after thaw_freezer_v2 /pod/a ${result}`,
        'before abort_fuse 42',
        'asks abort_fuse',
      ]);
    },
  );

  it('of a remedy that nobody has begun is nothing', () => {
    expect(following([aVictim(7, [])]).at(100, { remedied: [came(99)] })).toEqual([]);
  });
});

describe('an object', () => {
  it('is touched once, however many wait for it, until ten minutes have passed', () => {
    const { at, asked } = following([aVictim(7, [FUSE]), aVictim(8, [FUSE])]);
    at(2000);
    at(2010, { remedied: [came(1)] });
    for (let nowMs = 2020; nowMs < 2000 + ONCE_MS; nowMs += 10_000) at(nowMs);
    expect(asked).toHaveLength(1);
    at(2000 + ONCE_MS);
    at(2001 + ONCE_MS);
    expect(asked).toHaveLength(2);
  });
});

describe('a write that hangs', () => {
  const other = { ...FUSE, object: '43' };

  it('holds back those of its kind, which would hang as well, and no others; its end is told', () => {
    const { at, asked } = following([aVictim(7, [FUSE]), aVictim(8, [other]), aVictim(9, [FREEZER])]);
    at(2000);
    expect(at(3000)).toEqual([]);
    expect(at(7000, { remedied: [came(1, { result: 'hung' })] })).toEqual([
      'after abort_fuse 42 hung',
      'before thaw_freezer_v1 /docker/a',
      'asks thaw_freezer_v1',
    ]);
    at(7010, { remedied: [came(2)] });
    expect(at(60_000)).toEqual(['effect thaw_freezer_v1 /docker/a done victim_stays']);
    expect(at(61_000, { remedied: [came(1)] })).toEqual([
      'after abort_fuse 42 done',
      'before abort_fuse 43',
      'asks abort_fuse',
    ]);
    expect(asked.map(({ object }) => object)).toEqual(['42', '/docker/a', '43']);
  });

  it('a second one ends all remedies: others need the threads', () => {
    const { at, asked } = following([aVictim(7, [FUSE]), aVictim(8, [FREEZER]), aVictim(9, [FILE_SYSTEM])]);
    at(2000);
    at(7000, { remedied: [came(1, { result: 'hung' })] });
    at(12_000, { remedied: [came(2, { result: 'hung' })] });
    at(100_000);
    expect(asked).toHaveLength(2);
  });
});

it('never: two under way, more than policy says in a minute, one object twice, a stranger, a kind that is off', () => {
  const victims = fc.array(
    fc.record({
      blocker: fc.constantFrom(FUSE, FREEZER, FREEZER_V2, FILE_SYSTEM),
      object: fc.integer({ min: 1, max: 6 }),
      killedBy: fc.constantFrom<KilledBy>('oomwatchd', 'kernel', 'other', 'itself'),
    }),
    { maxLength: 12 },
  );
  const turns = fc.array(
    fc.record({ passMs: fc.integer({ min: 1, max: 20_000 }), result: fc.constantFrom(null, ...REMEDY_RESULTS) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(victims, turns, fc.integer({ min: 1, max: 5 }), (of, steps, perMinute) => {
      const dying = of.map(({ blocker, object, killedBy }, at) =>
        aVictim(at + 1, [{ ...blocker, object: String(object) }], { killedBy }),
      );
      const { at, asked, remedies } = following(dying, policyOf({ abortFuse: false, perMinute }));
      const begun: number[] = [];
      let nowMs = 0;
      for (const { passMs, result } of steps) {
        nowMs += passMs;
        const before = asked.length;
        const running = remedies.started.filter(({ isUnderWay }) => isUnderWay);
        const ends = result === null || running.length === 0 ? [] : [came(running[0]?.remedy.serial ?? 0, { result })];
        at(nowMs, { remedied: ends });
        for (let each = before; each < asked.length; each++) begun.push(nowMs);
        expect(remedies.started.filter((each) => each.isUnderWay && each.result === null).length).toBeLessThan(2);
        expect(begun.filter((ms) => nowMs - ms < 60_000).length).toBeLessThanOrEqual(perMinute);
      }
      const recent = asked.filter((_, each) => nowMs - (begun[each] ?? 0) < ONCE_MS);
      expect(new Set(recent.map(({ kind, object }) => `${kind} ${object}`)).size).toBe(recent.length);
      for (const { kind, pid } of asked) {
        expect(kind).not.toBe('abort_fuse');
        expect(['oomwatchd', 'kernel']).toContain(dying[pid - 1]?.killedBy);
      }
    }),
  );
});
