import { describe, expect, it, test } from 'vitest';
import { createCgroupWatch, followCgroups } from '../../../src/core/cgroup/cgroup-watch.ts';
import { aboutOf, holds } from '../../../src/core/cgroup/condition.ts';
import { createCgroupStall, isStalling } from '../../../src/core/cgroup/stall.ts';
import { CGROUP_CONDITIONS } from '../../../src/core/cgroup-event.ts';
import { type CgroupRow, emptyCgroupRow, isWithin, limitKiBOf } from '../../../src/core/cgroup-row.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { CgroupMembers } from '../../../src/core/observations.ts';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { aSample } from '../support/samples.ts';
import { aRow, throttled, unkillable } from './rows.ts';

const conditionsOf = (row: CgroupRow): string[] => CGROUP_CONDITIONS.filter((condition) => holds(condition, row));

describe('what is wrong with a cgroup', () => {
  test.each<[string, CgroupRow, string[]]>([
    ['a calm one', aRow(), []],
    ['throttled at memory.high', throttled(), ['memory_high']],
    ['just below it, as charges are batched', throttled({ currentKiB: 39.5 * MIB }), ['memory_high']],
    ['reclaimed at memory.high without trouble', throttled({ fullPermyriad: 500 }), []],
    ['above memory.high and quiet', throttled({ highPerS: 0 }), []],
    ['below memory.high', throttled({ currentKiB: 30 * MIB }), []],
    ['no memory.high', throttled({ highKiB: ABSENT }), []],
    ['all members at -1000', unkillable(), ['oom_loop']],
    ['somebody is killed', unkillable({ oomKillPerS: 1 }), []],
    ['kills cannot be counted', unkillable({ oomKillPerS: ABSENT }), []],
    ['thrash in its limit', unkillable({ oomPerS: 0, fullPermyriad: 6800 }), ['at_limit']],
    ['a busy cgroup in its limit', unkillable({ oomPerS: 0, fullPermyriad: 800 }), []],
    ['of v1, with its killer switched off', { ...emptyCgroupRow('/a'), isUnderOom: true }, ['under_oom']],
    ['stall times unknown', unkillable({ oomPerS: 0, fullPermyriad: ABSENT }), []],
  ])('%s', (_, row, expected) => {
    expect(conditionsOf(row)).toEqual(expected);
  });

  it('is about one of its limits', () => {
    const row = throttled({ maxKiB: 80 * MIB, maxPerS: 5, oomPerS: 7 });
    expect(aboutOf('memory_high', row)).toEqual({ limitKiB: 40 * MIB, perS: 30 });
    expect(aboutOf('at_limit', row)).toEqual({ limitKiB: 80 * MIB, perS: 5 });
    expect(aboutOf('oom_loop', row)).toEqual({ limitKiB: 80 * MIB, perS: 7 });
    expect(aboutOf('under_oom', row)).toEqual({ limitKiB: 80 * MIB, perS: 0 });
    expect(aboutOf('oom_loop', throttled())).toEqual({ limitKiB: 40 * MIB, perS: 0 });
  });
});

test.each([
  [ABSENT, ABSENT, ABSENT],
  [5, ABSENT, 5],
  [ABSENT, 7, 7],
  [5, 7, 5],
])('of memory.high %d and memory.max %d the limit is %d', (highKiB, maxKiB, limit) => {
  expect(limitKiBOf(aRow({ highKiB, maxKiB }))).toBe(limit);
});

test.each([
  ['/a', '/a', true],
  ['/a/b', '/a', true],
  ['/ab', '/a', false],
  ['/', '/a', false],
  ['/a', '/', true],
  ['', '/', false],
])('%j is within %j: %j', (path, above, expected) => {
  expect(isWithin(path, above)).toBe(expected);
});

describe('whether cgroups are read', () => {
  it('while a hundredth of the time goes into waiting for memory, and five seconds longer', () => {
    const stall = createCgroupStall();
    const at = (nowMs: number, memorySomeUs: number): boolean => isStalling(stall, aSample({ memorySomeUs }), nowMs);
    expect(at(0, 1_000_000)).toBe(false);
    expect(at(1000, 1_005_000), 'half a percent').toBe(false);
    expect(at(1100, 1_105_000), 'too soon for a rate').toBe(false);
    expect(at(2000, 1_105_000)).toBe(true);
    expect(at(6900, 1_105_000)).toBe(true);
    expect(at(7000, 1_105_000)).toBe(false);
  });

  it('always on a kernel without PSI', () => {
    expect(isStalling(createCgroupStall(), aSample({ memorySomeUs: ABSENT }), 0)).toBe(true);
  });

  it('begins anew when the counter goes back', () => {
    const stall = createCgroupStall();
    isStalling(stall, aSample({ memorySomeUs: 9_000_000 }), 0);
    expect(isStalling(stall, aSample({ memorySomeUs: 10 }), 1000)).toBe(false);
    expect(isStalling(stall, aSample({ memorySomeUs: 500_010 }), 2000)).toBe(true);
  });
});

/** Readings half a second apart; what was told with the second in which it was. */
const follow = (
  rowsAt: (second: number) => readonly CgroupRow[],
  seconds: number,
  members: CgroupMembers | null = null,
) => {
  const watch = createCgroupWatch();
  const told: (Extract<OomwatchdEvent, { kind: 'cgroup' }> & { at: number })[] = [];
  const asked = new Set<string>();
  for (let second = 0; second <= seconds; second += 0.5) {
    const events: OomwatchdEvent[] = [];
    followCgroups(watch, rowsAt(second), watch.wanted === members?.path ? members : null, second * 1000, events);
    asked.add(watch.wanted);
    for (const event of events) if (event.kind === 'cgroup') told.push({ ...event, at: second });
  }
  return { told, asked, watch };
};

const conmon: CgroupMembers = {
  path: '/app.slice/app.service',
  processes: 1,
  unkillable: 1,
  text: 'pid 7 (conmon) at oom_score_adj -1000',
  isWhole: true,
};

describe('what is told of it', () => {
  it('a throttle that lasts, with its numbers, and its end', () => {
    const { told } = follow((second) => (second < 20 ? [throttled()] : []), 30);
    expect(told.map(({ at, condition, holds: goesOn }) => [at, condition, goesOn])).toEqual([
      [5, 'memory_high', true],
      [20, 'memory_high', false],
    ]);
    expect(told[0]).toMatchObject({
      forMs: 5000,
      limitKiB: 40 * MIB,
      perS: 30,
      fullPermyriad: 4300,
      processes: ABSENT,
    });
    expect(told[1]).toMatchObject({ forMs: 20_000, currentKiB: ABSENT, limitKiB: ABSENT });
  });

  it('nothing of one that passes', () => {
    expect(follow((second) => (second % 4 < 3 ? [throttled()] : []), 60).told).toEqual([]);
  });

  it('an oom loop within three seconds, with who is in it', () => {
    const { told, asked } = follow(() => [unkillable()], 10, conmon);
    expect(asked).toContain('/app.slice/app.service');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      condition: 'oom_loop',
      processes: 1,
      unkillable: 1,
      members: conmon.text,
      perS: 450,
    });
    expect(told[0]?.at).toBeLessThanOrEqual(3);
  });

  it('and without them when nobody answers', () => {
    const { told } = follow(() => [unkillable()], 10);
    expect(told.map(({ at, members }) => [at, members])).toEqual([[4, '']]);
  });

  it('also of two at once when nobody answers', () => {
    const { told } = follow(() => [unkillable(), unkillable({ path: '/b' })], 10);
    expect(told.map(({ at, path }) => [at, path])).toEqual([
      [4, '/app.slice/app.service'],
      [4, '/b'],
    ]);
  });

  it('once a minute while it lasts', () => {
    expect(follow(() => [throttled()], 180).told.map(({ at }) => at)).toEqual([5, 65, 125]);
  });

  it('at most eight lines in ten seconds, whatever the number of cgroups', () => {
    const many = Array.from({ length: 48 }, (_, at) => throttled({ path: `/pod${at}` }));
    const { told } = follow(() => many, 9);
    expect(told).toHaveLength(8);
    const { told: later } = follow(() => many, 60);
    expect(new Set(later.map(({ path }) => path)).size, 'all in the end').toBe(48);
  });

  it('forgets what is over: nothing is kept of it', () => {
    const { watch } = follow(
      (second) => (second < 5 ? [unkillable(), throttled({ path: '/b' })] : [aRow()]),
      10,
      conmon,
    );
    expect(watch.troubles).toEqual([]);
    expect(watch.wanted).toBe('');
  });
});
