/** Whose the pages are that come back: of cgroups at limits of their own, or of the host. */
import { describe, expect, it } from 'vitest';
import type { CgroupRow } from '../../src/core/cgroup-row.ts';
import { createOwnLimits, isOfTheHost, noteOwnLimits, type OwnLimits } from '../../src/core/own-limits.ts';
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
    restoresPerS: 1900,
    fullPermyriad: 6800,
    ...differences,
  });

/** Two readings, half a second apart; `hostPerS` pages come back on the whole host. */
const read = (rows: readonly CgroupRow[], hostPerS: number, apartMs = 500): OwnLimits => {
  const own = createOwnLimits();
  noteOwnLimits(own, rows, 10_000, 1000);
  noteOwnLimits(own, rows, 10_000 + (hostPerS * apartMs) / 1000, 1000 + apartMs);
  return own;
};

describe('the part that comes back within limits', () => {
  it.each<[string, readonly CgroupRow[], number, number]>([
    ['all of it', [pod()], 1900, 10_000],
    ['never more than all, whenever the two were read', [pod()], 1500, 10_000],
    ['half', [pod()], 3800, 5000],
    ['that of two', [pod(), pod({ path: '/other', restoresPerS: 950 })], 3800, 7500],
    ['counted once where one is below the other', [pod({ path: '/pod/main' }), pod()], 3800, 5000],
    ['at memory.high as well', [pod({ maxPerS: 0, highPerS: 60 })], 1900, 10_000],
    ['no more than its events explain', [pod({ maxPerS: 10 })], 1900, 3368],
    ['nothing of one that is near its limit and not held up', [pod({ maxPerS: 0, restoresPerS: ABSENT })], 1900, 0],
    ['not known before it was read twice', [pod({ restoresPerS: ABSENT })], 1900, ABSENT],
    ['nothing where nobody has a limit', [], 1900, 0],
  ])('%s', (_, rows, hostPerS, permyriad) => expect(read(rows, hostPerS).permyriad).toBe(permyriad));

  it('is not known from readings that are far apart, or without a counter of the host', () => {
    expect(read([pod()], 1900, 2001).permyriad).toBe(ABSENT);
    expect(read([pod()], 0).permyriad).toBe(ABSENT);
    const own = createOwnLimits();
    noteOwnLimits(own, [pod()], ABSENT, 1000);
    noteOwnLimits(own, [pod()], 5000, 1500);
    expect(own.permyriad).toBe(ABSENT);
  });
});

describe('a thrash is the host’s', () => {
  const SINCE_MS = 1200;
  const own = (differences: Partial<OwnLimits>): OwnLimits => ({
    ...{ readMs: 1500, restores: 0, isNear: true, permyriad: 10_000 },
    ...differences,
  });

  it.each<[string, Partial<OwnLimits>, number, boolean]>([
    ['when cgroups have never been read', createOwnLimits(), 1500, true],
    ['when nobody is near a limit', { isNear: false, permyriad: ABSENT }, 1500, true],
    ['not when three quarters come back within limits', { permyriad: 7500 }, 1500, false],
    ['nor later', { permyriad: 7500, readMs: 60_000 }, 61_000, false],
    ['when less does', { permyriad: 7499 }, 1500, true],
    ['not yet when the reading is from before the signs', { readMs: 1200, permyriad: 0 }, 1500, false],
    ['not yet while it is not known', { permyriad: ABSENT }, 2699, false],
    ['when it has not become known for long', { permyriad: ABSENT }, 2700, true],
    ['when nobody reads cgroups any more', {}, 3501, true],
  ])('%s', (_, differences, nowMs, expected) => expect(isOfTheHost(own(differences), SINCE_MS, nowMs)).toBe(expected));
});

describe('on a host whose cache fills it, with all signs of a thrash', () => {
  /** Whoever is killed within so many seconds, when pages come back within `rows`; 1,900 a second on the host. */
  const killed = (seconds: number, rows: (nowMs: number) => readonly CgroupRow[]): readonly string[] => {
    const turns = cgroupTurns({
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
      }),
    });
    turns.run(seconds * 1000);
    return turns.signals.map(({ atMs }) => `after ${atMs} ms`);
  };

  it('nobody dies for a cgroup that thrashes at its limit', () => {
    expect(killed(60, () => [pod()])).toEqual([]);
  });

  it('the largest dies when the pages come back elsewhere, beside a cgroup at its limit', () => {
    expect(killed(3, () => [pod({ restoresPerS: 300 })])).toHaveLength(1);
  });

  it('and sooner where nobody is near a limit', () => {
    const [alone] = killed(3, () => []);
    const [beside] = killed(3, () => [pod({ maxPerS: 0, currentKiB: 59 * MIB, restoresPerS: ABSENT })]);
    expect([alone, beside]).toEqual(['after 400 ms', 'after 600 ms']);
  });
});
