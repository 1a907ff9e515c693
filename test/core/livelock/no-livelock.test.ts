// What looks like a livelock and is none.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/core/livelock/class.ts';
import { thrashCause } from '../../../src/core/livelock/thrash.ts';
import { victimCause } from '../../../src/core/livelock/victim.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { aCgroup, aSeen, aVictim } from '../support/livelocks.ts';

type Differences = Parameters<typeof aSeen>[0];

const NOTHING = { shmemKiB: ABSENT, slabKiB: 0, hugetlbKiB: ABSENT, pageTablesKiB: 0, unaccountedKiB: ABSENT };

const CASES: readonly (readonly [name: string, Differences])[] = [
  ['a calm host', {}],
  [
    'a page cache storm: everything that is taken stays taken',
    {
      isNearWatermark: true,
      signs: { fullPermyriad: 2500, scannedPerS: 40_000, stolenPerS: 39_000, refaultFilePerS: 500 },
    },
  ],
  [
    'a heap that grows into swap',
    {
      isNearWatermark: true,
      signs: { fullPermyriad: 6000, scannedPerS: 11_000, stolenPerS: 4200, refaultFilePerS: 150 },
    },
  ],
  [
    'thrash within the limit of a memcg, on a host with free memory',
    {
      signs: { fullPermyriad: 6800, refaultFilePerS: 1900 },
      cgroups: [aCgroup({ maxPerS: 900, fullPermyriad: 7000 })],
    },
  ],
  [
    'the same on a host that is full of page cache, and scans a little',
    { isNearWatermark: true, signs: { fullPermyriad: 6800, scannedPerS: 200, stolenPerS: 150, refaultFilePerS: 1900 } },
  ],
  [
    'the same beside a stream, once it is known that what comes back does so within the limit',
    {
      isNearWatermark: true,
      isWithinLimits: true,
      signs: { fullPermyriad: 2000, scannedPerS: 4900, stolenPerS: 4200, refaultFilePerS: 7400 },
      stall: { stalling: 16, longestMs: 9000, pageIo: 16 },
    },
  ],
  ['the same where it scans nothing', { isNearWatermark: true, signs: { fullPermyriad: 6800, refaultFilePerS: 1900 } }],
  [
    'a swapoff of a used swap, with memory to spare',
    { signs: { fullPermyriad: 3000, refaultAnonPerS: 3000, swapInPerS: 3000 } },
  ],
  ['a busy CPU', { signs: { somePermyriad: 100 } }],
  ['a slow disk', { signs: { ioFullPermyriad: 9000 }, stall: { stalling: 3, longestMs: 9000, pageIo: 3 } }],
  [
    'page cache that is trimmed at memory.high',
    { cgroups: [aCgroup({ currentKiB: 21, highKiB: 20, highPerS: 50, fullPermyriad: 300 })] },
  ],
  [
    'a cgroup below memory.high',
    { cgroups: [aCgroup({ currentKiB: 20, highKiB: 20, highPerS: 50, fullPermyriad: 9000 })] },
  ],
  ['a cgroup that was above memory.high', { cgroups: [aCgroup({ currentKiB: 21, highKiB: 20, fullPermyriad: 9000 })] }],
  [
    'a memcg with nobody to kill, on a host that has memory',
    { kernel: { memcgNoKillableMs: 99_000 }, signs: { stolenPerS: 0 } },
  ],
  [
    'the same on a host that is short and gets what it needs',
    { isShort: true, isNearWatermark: true, kernel: { memcgNoKillableMs: 99_000 }, signs: { stolenPerS: 9000 } },
  ],
  [
    'the same where the kernel counts no pages that are taken',
    { isShort: true, isNearWatermark: true, kernel: { memcgNoKillableMs: 99_000 }, signs: { stolenPerS: ABSENT } },
  ],
  ['a memcg in which the kernel kills', { cgroups: [aCgroup({ oomPerS: 20, oomKillPerS: 20 })] }],
  [
    'a cgroup that stalls at its limit beside a node full of huge pages: nobody reclaims for the host',
    { stall: { stalling: 4, longestMs: 6000 }, signs: { fullPermyriad: 4000 }, sample: { unreclaimableNodes: 1 } },
  ],
  [
    'stalls of less than half a minute of kmallocwd',
    { isNearWatermark: true, stall: { stalling: 3, longestMs: 4999 } },
  ],
  ['stalls that nobody has counted', { isNearWatermark: true, stall: { stalling: 3, longestMs: 9000, seen: ABSENT } }],
  ['no counters at all', { isNearWatermark: true, signs: { fullPermyriad: 9000, stolenPerS: ABSENT } }],
  ['a rate of one second', { isNearWatermark: true, signs: { spanMs: 1999, fullPermyriad: 9000, scannedPerS: 9999 } }],
  ['a shortage that was just seen', { isShort: true, now: { shmemKiB: 17 * GIB } }],
  ['a shortage of anonymous memory after a kill', { isShort: true, killed: ['hog'], now: { availableKiB: GIB } }],
  ['nobody left to choose right after a kill', { isShort: true, noAction: 'no_candidate', killed: ['hog'] }],
  ['a shortage in which two of one name were killed', { isShort: true, killed: ['kid', 'kid'] }],
  ['a victim that hangs where nothing is short', { stuck: [aVictim({ reason: 'fuse' })] }],
  [
    'a small ARC',
    { isShort: true, noAction: 'budget_exhausted', holders: [{ kind: 'arc', name: 'ARC', sizeKiB: 7 * GIB }] },
  ],
  [
    'a small balloon',
    { isShort: true, noAction: 'budget_exhausted', now: { balloonKiB: 4 * GIB, availableKiB: 9 * GIB } },
  ],
  [
    'a node that gave up, without zoneinfo',
    { isShort: true, noAction: 'budget_exhausted', sample: { unreclaimableNodes: 1, zoneUsablePages: ABSENT } },
  ],
  ['nothing known of memory', { isShort: true, noAction: 'budget_exhausted', now: NOTHING }],
];

describe('no livelock', () => {
  it.each(CASES)('is %s', (_, differences) => {
    expect(judge(aSeen(differences))).toBeNull();
  });

  it('is known of a cause alone', () => {
    expect(victimCause(aSeen())).toBeNull();
    expect(thrashCause(aSeen())).toBeNull();
    // Detect says thrash, and nothing is read again: another cause it must be.
    expect(thrashCause(aSeen({ isThrashing: true }))).toBeNull();
  });
});

const perS = fc.integer({ min: ABSENT, max: 100_000 });
const permyriad = fc.integer({ min: ABSENT, max: 10_000 });
const kib = fc.integer({ min: ABSENT, max: 24 * GIB });
const someSeen = fc
  .record({
    isThrashing: fc.boolean(),
    isNearWatermark: fc.boolean(),
    isShort: fc.boolean(),
    noAction: fc.constantFrom(null, 'futile', 'no_candidate', 'all_protected', 'waiting_for_victim'),
    hiddenProcesses: fc.nat(1),
    killed: fc.array(fc.constantFrom('a', 'b'), { maxLength: 5 }),
    stuck: fc.array(
      fc
        .record({ reason: fc.constantFrom(null, 'fuse', 'mmap_lock', 'unknown'), sizeKiB: kib })
        .map((each) => aVictim(each)),
      { maxLength: 3 },
    ),
    cgroups: fc.array(
      fc
        .record({
          currentKiB: kib,
          highKiB: kib,
          highPerS: perS,
          oomPerS: perS,
          oomKillPerS: perS,
          fullPermyriad: permyriad,
        })
        .map((row) => aCgroup(row)),
      { maxLength: 3 },
    ),
    signs: fc.record({
      spanMs: fc.nat(9000),
      fullPermyriad: permyriad,
      ioFullPermyriad: permyriad,
      scannedPerS: perS,
      directPerS: perS,
      stolenPerS: perS,
      refaultFilePerS: perS,
      refaultAnonPerS: perS,
      swapInPerS: perS,
      zswapInPerS: perS,
      stallsPerS: perS,
      throttledPerS: perS,
      inflatedPerS: perS,
    }),
    stall: fc.record({
      stalling: fc.nat(40),
      longestMs: fc.integer({ min: ABSENT, max: 60_000 }),
      noFs: fc.nat(40),
      seen: perS,
    }),
    sample: fc.record({ unreclaimableNodes: fc.integer({ min: ABSENT, max: 2 }), writebackKiB: kib }),
    now: fc.record({
      availableKiB: kib,
      shmemKiB: kib,
      slabKiB: kib,
      mlockedKiB: kib,
      kernelStackKiB: kib,
      balloonKiB: kib,
    }),
  })
  .map((differences) => aSeen(differences));

describe('whatever is seen', () => {
  it('there is no verdict without evidence, and no class without a verdict', () => {
    fc.assert(
      fc.property(someSeen, (seen) => {
        const found = judge(seen);
        if (found === null) return;
        expect(found.class).not.toBe('none');
        expect(found.evidence.length).toBeGreaterThan(0);
        expect(found.evidence).not.toContain('');
        expect(found.evidence.join()).not.toMatch(/NaN|undefined|Infinity/);
      }),
      { numRuns: 2000 },
    );
  });

  it('the host is never said to stall while reclaim wins memory and detect sees no thrash', () => {
    fc.assert(
      fc.property(someSeen, (seen) => {
        if (seen.motion !== 'moves' || seen.isThrashing) return;
        expect(['overload', 'before_kill', 'nofs']).not.toContain(judge(seen)?.class);
      }),
      { numRuns: 2000 },
    );
  });

  it('it is after a kill only when a victim should have gone, and before one only when none should', () => {
    fc.assert(
      fc.property(someSeen, (seen) => {
        const found = judge(seen)?.class;
        if (found === 'after_kill') expect(seen.stuck).not.toEqual([]);
        else if (found !== undefined && found !== 'other') expect(seen.stuck).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
