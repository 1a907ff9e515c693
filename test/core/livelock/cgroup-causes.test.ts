// What must be said of cgroups: those that are in trouble within their own limits, and one that keeps the killer from the host.
import { expect, it } from 'vitest';
import { judge } from '../../../src/core/livelock/class.ts';
import { aCgroup, aSeen, STANDS } from '../support/livelocks.ts';

type Differences = Parameters<typeof aSeen>[0];

const CASES: readonly (readonly [name: string, Differences, class_: string, cause: string, confidence: string])[] = [
  [
    't6: memory.high',
    {
      cgroups: [aCgroup({ currentKiB: 24 << 10, highKiB: 20 << 10, highPerS: 31, fullPermyriad: 4300 })],
      signs: { fullPermyriad: 3700 },
    },
    'other',
    'memory_high',
    'medium',
  ],
  [
    'memory.high with its threads seen',
    {
      cgroups: [aCgroup({ currentKiB: 24 << 10, highKiB: 20 << 10, highPerS: 31, fullPermyriad: 4300 })],
      stall: { overHigh: 4 },
    },
    'other',
    'memory_high',
    'high',
  ],
  [
    't6: a memcg with none but -1000',
    {
      cgroups: [
        aCgroup({ path: '/a', oomPerS: 12 }),
        aCgroup({ oomPerS: 450, maxKiB: 30 << 10 }),
        aCgroup({ oomPerS: 20 }),
      ],
    },
    'other',
    'memcg_unkillable',
    'high',
  ],
  [
    'the same beside one that has more of them, and somebody to kill',
    { cgroups: [aCgroup({ path: '/a', oomPerS: 900, oomKillPerS: 40 }), aCgroup({ oomPerS: 450 })] },
    'other',
    'memcg_unkillable',
    'high',
  ],
  [
    'a cgroup v1 whose killer is switched off',
    { cgroups: [aCgroup(), aCgroup({ path: '/a', isUnderOom: true, maxKiB: 30 << 10 })] },
    'other',
    'memcg_under_oom',
    'high',
  ],
  [
    'the same without a limit of its own',
    { cgroups: [aCgroup({ isUnderOom: true })] },
    'other',
    'memcg_under_oom',
    'high',
  ],
  [
    'the same while the host stalls',
    { ...STANDS, cgroups: [aCgroup({ oomPerS: 450 })] },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'the same beside one that is killed in as often',
    {
      ...STANDS,
      cgroups: [aCgroup({ path: '/a', oomPerS: 90, oomKillPerS: 90 }), aCgroup({ oomPerS: 20, oomKillPerS: 2 })],
    },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'one that a slow console lets call it twice a second only',
    { ...STANDS, cgroups: [aCgroup({ oomPerS: 2 })] },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'the same, called 3 s ago',
    { ...STANDS, cgroups: [aCgroup({ oomPerS: 450, maxKiB: 5 })], kernel: { invokedMs: 97_000 } },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'the same, which says of itself that it found nobody',
    {
      ...STANDS,
      cgroups: [aCgroup({ oomPerS: 2 })],
      kernel: { memcgNoKillableMs: 99_000 },
    },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'one whose every report takes seconds on the console',
    { ...STANDS, cgroups: [aCgroup({ oomPerS: 0.2 })], kernel: { memcgNoKillableMs: 92_000 } },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'the same, between two readings of its counters',
    { ...STANDS, kernel: { memcgNoKillableMs: 92_000, invokedMs: 97_000 } },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'the same, when those who wait sleep a tick at a time outside of reclaim',
    {
      ...{ isShort: true, isNearWatermark: true, kernel: { memcgNoKillableMs: 95_000 } },
      signs: { fullPermyriad: 80, scannedPerS: 900, stolenPerS: 12 },
    },
    'before_kill',
    'oom_lock',
    'medium',
  ],
  [
    'the same, when pages of programs are thrown out and read again meanwhile',
    {
      ...{ isShort: true, isNearWatermark: true, kernel: { memcgNoKillableMs: 95_000 } },
      signs: { fullPermyriad: 400, scannedPerS: 900, stolenPerS: 200, refaultFilePerS: 190 },
    },
    'overload',
    'oom_lock',
    'medium',
  ],
];

it.each(CASES)('%s', (_, differences, class_, cause, confidence) => {
  const found = judge(aSeen(differences));
  expect(found).toMatchObject({ class: class_, cause, confidence });
  expect(found?.evidence).not.toEqual([]);
  expect(found?.evidence).not.toContain('');
});
