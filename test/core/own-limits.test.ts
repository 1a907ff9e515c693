/** Whose the pages are that come back: of cgroups at limits of their own, or of the host. */
import { describe, expect, it } from 'vitest';
import type { CgroupRow } from '../../src/core/cgroup-row.ts';
import {
  createOwnLimits,
  hearWithinLimits,
  isOfTheHost,
  isWithinLimits,
  noteOwnLimits,
  type OwnLimits,
} from '../../src/core/own-limits.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aRow } from './cgroup/rows.ts';
import { cgroupTurns } from './support/cgroup-turns.ts';
import { CALM_ZONES } from './support/samples.ts';
import { tableOf } from './support/tables.ts';

/** Thrashes at its limit: 60 MiB, 1,900 pages a second come back, each round of reclaim an event. */
const pod = (differences: Partial<CgroupRow> = {}): CgroupRow =>
  aRow({
    path: '/pod',
    currentKiB: 60 * MIB,
    maxKiB: 60 * MIB,
    maxPerS: 60,
    isHeldUp: true,
    restoresPerS: 1900,
    fullPermyriad: 6800,
    ...differences,
  });

/** Readings, a quarter of a second apart; `hostPerS` pages come back on the whole host. */
const read = (rows: readonly CgroupRow[], hostPerS: number, apartMs = 250, times = 6): OwnLimits => {
  const own = createOwnLimits();
  for (let at = 0; at < times; at++)
    noteOwnLimits(own, rows, 10_000 + (hostPerS * apartMs * at) / 1000, 1000 + apartMs * at);
  return own;
};
const isTheirs = (own: OwnLimits): boolean => isWithinLimits(own, own.readMs);

describe('what comes back does so within limits', () => {
  it.each<[string, readonly CgroupRow[], number]>([
    ['when all of it does', [pod()], 1900],
    ['when more than all does, whenever the two were read', [pod()], 1500],
    ['when half of it does', [pod()], 3800],
    ['when half of it does in two', [pod(), pod({ path: '/other', restoresPerS: 950 })], 5700],
    ['when it does so at memory.high', [pod({ maxPerS: 0, highPerS: 60 })], 1900],
  ])('%s', (_, rows, hostPerS) => expect(isTheirs(read(rows, hostPerS))).toBe(true));

  it.each<[string, readonly CgroupRow[], number]>([
    ['when less does', [pod()], 3900],
    ['when it is counted twice, as one is below the other', [pod({ path: '/pod/main' }), pod()], 3900],
    ['in one that is near its limit and not held up', [pod({ maxPerS: 0, isHeldUp: false })], 1900],
    ['in one that was held up and is below, as the host has taken from it', [pod({ currentKiB: 40 * MIB })], 1900],
    ['before it was read twice', [pod({ restoresPerS: ABSENT })], 1900],
    ['where nobody has a limit', [], 1900],
    ['where nothing comes back', [pod({ restoresPerS: 0 })], 0],
  ])('not %s', (_, rows, hostPerS) => expect(isTheirs(read(rows, hostPerS))).toBe(false));

  it('is known after a second of readings, and unknown after a gap', () => {
    const readings = [1, 2, 3, 4, 5].map((times) => isTheirs(read([pod()], 1900, 250, times)));
    expect(readings).toEqual([false, false, false, false, true]);
    expect(isTheirs(read([pod()], 1900, 5001))).toBe(false);
    const own = read([pod()], 1900);
    noteOwnLimits(own, [pod()], ABSENT, own.readMs + 250);
    expect(isTheirs(own), 'without a counter of the host').toBe(false);
  });

  it('stays known while one more comes to its limit, and where not all of many are read', () => {
    const unread = pod({ path: '/new', restoresPerS: ABSENT });
    expect(isTheirs(read([pod(), unread], 1900))).toBe(true);
    const own = read([pod()], 1900);
    noteOwnLimits(own, [unread], own.restores + 475, own.readMs + 250);
    expect(isTheirs(own)).toBe(true);
  });

  it('is not judged by one reading that lags behind', () => {
    const own = read([pod()], 1900);
    noteOwnLimits(own, [pod({ restoresPerS: 300 })], own.restores + 475, own.readMs + 250);
    expect(isTheirs(own)).toBe(true);
  });

  it('ends when it comes back elsewhere', () => {
    const own = read([pod()], 1900);
    for (let at = 0; at < 4; at++) noteOwnLimits(own, [pod()], own.restores + 2000, own.readMs + 250);
    expect(isTheirs(own)).toBe(false);
  });

  it('is forgotten when nobody reads any more', () => {
    const own = read([pod()], 1900);
    expect(isWithinLimits(own, own.readMs + 5000)).toBe(true);
    expect(isWithinLimits(own, own.readMs + 5001)).toBe(false);
  });
});

it('who is told knows it at once, and for as long as who reads would', () => {
  const own = createOwnLimits();
  hearWithinLimits(own, 5000);
  expect([isWithinLimits(own, 10_000), isOfTheHost(own, { ms: 4000, reads: 0 }, 5000)]).toEqual([true, false]);
  expect(isWithinLimits(own, 10_001)).toBe(false);
});

describe('a thrash is the host’s', () => {
  const SINCE = { ms: 1200, reads: 4 };
  const known = {
    ...{ readMs: 3000, restores: 0, isNear: true, sinceMs: 1000, all: 1000, within: 900 },
    ...{ forgotMs: ABSENT, reads: 7, forgotReads: 0 },
  };

  it.each<[string, Partial<OwnLimits>, number, boolean]>([
    ['when cgroups have never been read', createOwnLimits(), 3000, true],
    ['when nobody is near a limit', { isNear: false }, 3000, true],
    ['not when most comes back within limits', {}, 3000, false],
    ['nor later', { readMs: 60_000 }, 61_000, false],
    ['when less does', { within: 499 }, 3000, true],
    ['not yet when the last reading is from before the signs', { readMs: 1200, within: 0, sinceMs: 0 }, 1500, false],
    ['not yet while it is not known', { sinceMs: 2500, within: 0 }, 3699, false],
    ['when it has not become known for long', { sinceMs: 2500 }, 3700, true],
    ['not when late turns have made two readings only', { sinceMs: 2500, reads: 6 }, 3700, false],
    ['not when the loop was late, and no reading is fresh', {}, 10_499, false],
    ['when nobody reads cgroups any more', {}, 10_500, true],
    [
      'not yet when what was known has just been forgotten',
      { sinceMs: ABSENT, readMs: 9000, forgotMs: 9000, reads: 90, forgotReads: 80 },
      11_000,
      false,
    ],
    [
      'nor before three readings after that',
      { sinceMs: ABSENT, readMs: 11_400, forgotMs: 9000, reads: 90, forgotReads: 88 },
      11_500,
      false,
    ],
    ['when it has not come back for long', { sinceMs: ABSENT, readMs: 11_400, forgotMs: 9000 }, 11_500, true],
  ])('%s', (_, differences, nowMs, expected) =>
    expect(isOfTheHost({ ...known, ...differences }, SINCE, nowMs)).toBe(expected),
  );
});

describe('on a host whose cache fills it, with all signs of a thrash', () => {
  /** Whoever is killed within so many seconds, when pages come back within `rows`; 1,900 a second on the host. */
  const killed = (seconds: number, rows: (nowMs: number) => readonly CgroupRow[], turnMs = 100): readonly string[] => {
    const turns = cgroupTurns({
      turnMs,
      policy: defaultPolicy('mode: enforce'),
      table: tableOf([{ pid: 7, comm: 'database', rssKiB: 6 * GIB }]),
      rows,
      exitAfterMs: 100,
      sample: (nowMs) => ({
        ...CALM_ZONES,
        memAvailableKiB: 6 * GIB,
        memorySomeUs: nowMs * 700,
        memoryFullUs: nowMs * 600,
        restores: Math.round(nowMs * 1.9),
        pgscanKswapd: nowMs * 9,
        pgscanDirect: nowMs,
        zoneUsablePages: 24_000,
        tickLateMs: turnMs - 100,
      }),
    });
    turns.run(seconds * 1000);
    return turns.signals.map(({ atMs }) => `after ${atMs} ms`);
  };

  it('nobody dies for a cgroup that thrashes at its limit', () => {
    expect(killed(60, () => [pod()])).toEqual([]);
  });

  it('nor when each turn comes seconds late', () => {
    expect(killed(60, () => [pod()], 3000)).toEqual([]);
    expect(killed(60, () => [pod({ restoresPerS: 300 })], 3000).length, 'a thrash of the host').toBeGreaterThan(0);
  });

  it('the largest dies when the pages come back elsewhere, beside a cgroup at its limit', () => {
    expect(killed(4, () => [pod({ restoresPerS: 300 })])).toHaveLength(1);
  });

  it('and sooner where nobody is near a limit', () => {
    const [alone] = killed(4, () => []);
    const [beside] = killed(4, () => [pod({ isHeldUp: false, currentKiB: 59 * MIB, restoresPerS: ABSENT })]);
    expect([alone, beside]).toEqual(['after 400 ms', 'after 1100 ms']);
  });
});
