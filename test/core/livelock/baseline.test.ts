import { describe, expect, it } from 'vitest';
import { createBaseline, grownKiB, lostKiB, readSpread } from '../../../src/core/livelock/baseline.ts';
import { createKernelSaid, hear, isRecent } from '../../../src/core/livelock/kernel-said.ts';
import { motionOf } from '../../../src/core/livelock/motion.ts';
import { createSigns, createSignsWindow, pushSigns, readSigns } from '../../../src/core/livelock/signs.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { aSample } from '../support/samples.ts';

describe('how memory is spread', () => {
  it('says what meminfo names nowhere, less what holds compressed pages', () => {
    const { now } = createBaseline();
    const named = { memTotalKiB: 100_000, memFreeKiB: 40_000, cachedKiB: 20_000, anonPagesKiB: 10_000 };
    readSpread(now, aSample({ ...named, slabKiB: 5000, zspages: 250, pgscanKswapd: 0 }));
    expect(now.unaccountedKiB).toBe(24_000);
  });

  it('does not say it without vmstat, and never less than nothing', () => {
    const { now } = createBaseline();
    readSpread(now, aSample({ memTotalKiB: 10, memFreeKiB: 5 }));
    expect(now.unaccountedKiB).toBe(ABSENT);
    readSpread(now, aSample({ memTotalKiB: 10, memFreeKiB: 20, pgscanKswapd: 0 }));
    expect(now.unaccountedKiB).toBe(0);
  });

  it.each([
    ['its line in meminfo', { balloonKiB: 7 }, 7],
    ['its counters', { balloonInflate: 500, balloonDeflate: 100 }, 1600],
    ['one of them', { balloonInflate: 500 }, 2000],
    ['counters that began before', { balloonInflate: 1, balloonDeflate: 2 }, 0],
    ['nothing', {}, ABSENT],
  ])('has the balloon by %s', (_, sample, expected) => {
    const { now } = createBaseline();
    readSpread(now, aSample({ ...sample, pgscanKswapd: 0 }));
    expect(now.balloonKiB).toBe(expected);
  });

  it('has lost and grown nothing before it was calm, and what is the difference after that', () => {
    const baseline = createBaseline();
    readSpread(baseline.now, aSample({ memAvailableKiB: 10, shmemKiB: 50 }));
    expect([lostKiB(baseline), grownKiB(baseline, 'shmemKiB')]).toEqual([0, 0]);
    readSpread(baseline.calm, aSample({ memAvailableKiB: 30, shmemKiB: 20 }));
    expect([lostKiB(baseline), grownKiB(baseline, 'shmemKiB')]).toEqual([20, 30]);
    readSpread(baseline.now, aSample({ memAvailableKiB: 90, shmemKiB: ABSENT }));
    expect([lostKiB(baseline), grownKiB(baseline, 'shmemKiB')]).toEqual([0, 0]);
  });
});

describe('what the kernel has said', () => {
  const told = { timeUs: 0, source: 'kmsg' } as const;
  const killed = { ...told, kind: 'killed', pid: 1, comm: '', anonRssKiB: 0, uid: 0 } as const;
  const selected = { ...told, kind: 'selected', pid: 1, comm: '', uid: 0, oomMemcg: '', taskMemcg: '' } as const;

  it('is kept with its time', () => {
    const said = createKernelSaid();
    hear(said, [{ ...told, kind: 'invoked', comm: 'x', order: 0 }], 1000);
    hear(said, [{ ...told, kind: 'note', note: 'no_killable', text: 'none' }], 2000);
    hear(said, [{ ...selected, constraint: 'CONSTRAINT_MEMORY_POLICY' }], 3000);
    hear(said, [{ ...told, kind: 'note', note: 'memcg_no_killable', text: 'none' }], 4000);
    expect(said.memcgNoKillableMs).toBe(4000);
    expect(said).toMatchObject({ invokedMs: 1000, noKillableMs: 2000, noKillableText: 'none' });
    expect(said).toMatchObject({ constraintMs: 3000, constraint: 'CONSTRAINT_MEMORY_POLICY' });
  });

  it('is left alone where it says nothing of this', () => {
    const said = createKernelSaid();
    const note = { ...told, kind: 'note', note: 'hung_task', text: '' } as const;
    hear(said, [note, { ...selected, constraint: 'CONSTRAINT_NONE' }, { ...killed, scope: 'global' }], 1);
    hear(said, [{ ...told, kind: 'victim_marked', pid: 1, comm: '' }], 1);
    expect(said).toEqual(createKernelSaid());
  });

  it('counts kills of whoever allocates, as long as they follow each other', () => {
    const said = createKernelSaid();
    const kill = { ...killed, scope: 'allocating_task' } as const;
    hear(said, [kill, kill], 1000);
    hear(said, [kill], 2000);
    expect(said).toMatchObject({ allocatingTaskKills: 3, allocatingTaskMs: 2000 });
    hear(said, [kill], 12_000);
    expect(said.allocatingTaskKills).toBe(1);
  });

  it('is recent for ten seconds', () => {
    expect([isRecent(ABSENT, 0), isRecent(0, 9999), isRecent(0, 10_000)]).toEqual([false, true, false]);
  });
});

describe('signs', () => {
  it('are rates of the last 5 s, those of calm times forgotten', () => {
    const window = createSignsWindow();
    const signs = createSigns();
    pushSigns(window, aSample({ pgscanKswapd: ABSENT, pgstealKswapd: 9 }), 0);
    expect(window.filled).toBe(0);
    const reading = (pages: number, stallUs: number) =>
      aSample({
        pgscanKswapd: pages,
        pgscanDirect: pages,
        pgstealDirect: pages,
        memoryFullUs: stallUs,
        refaultAnon: 3,
      });
    pushSigns(window, reading(0, 0), 1000);
    readSigns(signs, window, 1000);
    expect(signs).toEqual(createSigns());
    pushSigns(window, reading(1000, 600_000), 3000);
    readSigns(signs, window, 3000);
    expect(signs).toMatchObject({ spanMs: 2000, fullPermyriad: 3000, scannedPerS: 1000, directPerS: 500 });
    expect(signs).toMatchObject({ stolenPerS: 500, refaultAnonPerS: 0, swapInPerS: ABSENT, ioFullPermyriad: ABSENT });
  });

  it('are at most all of the time', () => {
    const window = createSignsWindow();
    const signs = createSigns();
    pushSigns(window, aSample({ pgscanKswapd: 0, memoryFullUs: 0 }), 0);
    // The kernel brings its totals up to date with the reading, not with our clock.
    pushSigns(window, aSample({ pgscanKswapd: 0, memoryFullUs: 1_100_000 }), 1000);
    readSigns(signs, window, 1000);
    expect(signs.fullPermyriad).toBe(10_000);
  });
});

describe('reclaim', () => {
  const motion = (stolenPerS: number, refaultFilePerS: number, refaultAnonPerS: number): string =>
    motionOf({ ...createSigns(), stolenPerS, refaultFilePerS, refaultAnonPerS });

  it.each([
    ['moves: a stream', 10_000, 60, ABSENT, 'moves'],
    ['moves: half of it stays taken', 1000, 500, 0, 'moves'],
    ['spins: less than half does', 1000, 400, 101, 'spins'],
    ['spins: more comes back than is taken', 1000, 1500, 0, 'spins'],
    ['stands', 63, 0, 0, 'stands'],
    ['moves: just more than nothing', 64, 0, 0, 'moves'],
    ['is not counted', ABSENT, 9, 9, 'unknown'],
  ])('%s', (_, stolen, file, anon, expected) => {
    expect(motion(stolen, file, anon)).toBe(expected);
  });
});
