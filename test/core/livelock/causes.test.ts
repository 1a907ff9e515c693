// One row for each cause: what was measured (kernel-facts 5 and Appendix A, guests) and what must be said of it.
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/core/livelock/class.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { aCgroup, aSeen, aVictim, STANDS } from '../support/livelocks.ts';

type Differences = Parameters<typeof aSeen>[0];

/** t10, with the stall time of a guest in which programs are what is read again. */
const FILE = {
  fullPermyriad: 7600,
  ioFullPermyriad: 3500,
  scannedPerS: 12_000,
  stolenPerS: 7500,
  refaultFilePerS: 7400,
};
const ANON = { fullPermyriad: 5700, scannedPerS: 20_000, directPerS: 18_000, stolenPerS: 9000, refaultAnonPerS: 8900 };

/** Whoever is bound to a full node reclaims there in vain; free pages of the others keep the host far from its watermarks. */
const BOUND = { signs: { scannedPerS: 50_000, directPerS: 40_000, stolenPerS: 3, stallsPerS: 40 } };

const CASES: readonly (readonly [name: string, Differences, class_: string, cause: string, confidence: string])[] = [
  ['t10: a file thrash', { isNearWatermark: true, signs: FILE }, 'overload', 'file_thrash', 'medium'],
  ['a file thrash that detect has held', { isThrashing: true, signs: FILE }, 'overload', 'file_thrash', 'high'],
  [
    't13: swap on zram',
    { isNearWatermark: true, signs: ANON, swapUse: { onDiskKiB: 0, onZramKiB: GIB } },
    'overload',
    'zram_thrash',
    'medium',
  ],
  [
    'zswap before a disk: pswpin does not move',
    { isThrashing: true, signs: { ...ANON, zswapInPerS: 8900 }, swapUse: { onDiskKiB: GIB, onZramKiB: 0 } },
    'overload',
    'zram_thrash',
    'high',
  ],
  [
    'swap on a disk of 1,000 IO/s',
    {
      isNearWatermark: true,
      signs: { ...ANON, stolenPerS: 1100, refaultAnonPerS: 1060, swapInPerS: 1060, ioFullPermyriad: 2500 },
      swapUse: { onDiskKiB: GIB, onZramKiB: 0 },
    },
    'overload',
    'swap_thrash',
    'medium',
  ],
  ['swap somewhere', { isNearWatermark: true, signs: ANON }, 'overload', 'swap_thrash', 'low'],
  ['t8: a tmpfs of 70 %', { isShort: true, noAction: 'futile', now: { shmemKiB: 17 * GIB } }, 'other', 'shmem', 'high'],
  [
    'a tmpfs that grew by what was lost',
    { ...STANDS, now: { shmemKiB: 10 * GIB, availableKiB: 7 * GIB } },
    'before_kill',
    'shmem',
    'high',
  ],
  [
    'a slab leak',
    { isShort: true, killed: ['a'], now: { slabKiB: 12 * GIB, availableKiB: 5 * GIB } },
    'other',
    'slab',
    'high',
  ],
  [
    'a driver',
    { isShort: true, noAction: 'futile', now: { unaccountedKiB: 12 * GIB, availableKiB: 5 * GIB } },
    'other',
    'slab',
    'high',
  ],
  [
    'huge pages, most of them free',
    {
      isShort: true,
      noAction: 'no_candidate',
      now: { hugetlbKiB: 17 * GIB },
      sample: { hugeFreePages: 8000, hugePageKiB: 2048 },
    },
    'other',
    'hugetlb',
    'high',
  ],
  ['locked memory', { ...STANDS, now: { mlockedKiB: 17 * GIB } }, 'before_kill', 'mlocked', 'high'],
  ['several together', { ...STANDS, now: { slabKiB: 9 * GIB, shmemKiB: 8 * GIB } }, 'before_kill', 'slab', 'medium'],
  [
    'what futility has found, of whatever size',
    { isShort: true, noAction: 'futile', now: { shmemKiB: GIB }, sample: { anonPagesKiB: GIB / 2 } },
    'other',
    'shmem',
    'high',
  ],
  [
    'the same where processes have more, but it is what has come',
    {
      isShort: true,
      noAction: 'futile',
      now: { shmemKiB: 10 * GIB, availableKiB: GIB },
      sample: { anonPagesKiB: 12 * GIB },
    },
    'other',
    'shmem',
    'high',
  ],
  [
    'what futility has found in those who may not be killed',
    {
      isShort: true,
      noAction: 'futile',
      now: { slabKiB: GIB, availableKiB: GIB },
      sample: { anonPagesKiB: 20 * GIB },
    },
    'other',
    'unkillable',
    'high',
  ],
  [
    'ARC',
    { isShort: true, noAction: 'no_candidate', holders: [{ kind: 'arc', name: 'ARC', sizeKiB: 10 * GIB }] },
    'other',
    'arc',
    'medium',
  ],
  [
    'a balloon that inflates',
    { ...STANDS, signs: { ...STANDS.signs, inflatedPerS: 5000 }, now: { balloonKiB: 10 * GIB, availableKiB: 7 * GIB } },
    'before_kill',
    'balloon',
    'high',
  ],
  [
    'a balloon that took its pages out of MemTotal',
    { isShort: true, noAction: 'no_candidate', now: { totalKiB: 14 * GIB, availableKiB: 7 * GIB } },
    'other',
    'balloon',
    'high',
  ],
  ['nobody but protected', { isShort: true, noAction: 'all_protected' }, 'other', 'unkillable', 'high'],
  ['nobody at all', { isShort: true, noAction: 'no_candidate' }, 'other', 'unkillable', 'high'],
  [
    'the kernel says so',
    { ...STANDS, kernel: { noKillableMs: 99_000, noKillableText: 'Out of memory and no killable processes...' } },
    'before_kill',
    'unkillable',
    'high',
  ],
  [
    't9: the kernel kills whoever allocates',
    { ...STANDS, kernel: { allocatingTaskMs: 99_500, allocatingTaskKills: 8 }, sample: { oomKillAllocatingTask: 1 } },
    'before_kill',
    'allocating_task',
    'high',
  ],
  [
    'a cpuset that is full',
    { ...STANDS, kernel: { constraintMs: 95_000, constraint: 'CONSTRAINT_CPUSET' } },
    'before_kill',
    'constraint',
    'high',
  ],
  [
    'a node that is full beside one that is not',
    { isShort: true, noAction: 'budget_exhausted', sample: { unreclaimableNodes: 1 } },
    'other',
    'constraint',
    'medium',
  ],
  [
    'the same on a host that has memory: threads that are bound to it stall',
    { ...BOUND, stall: { stalling: 4, longestMs: 6000 }, sample: { unreclaimableNodes: 1 } },
    'before_kill',
    'constraint',
    'medium',
  ],
  [
    'a cpuset that is full on a host that has memory, by pressure',
    {
      signs: { ...BOUND.signs, fullPermyriad: 3000 },
      kernel: { constraintMs: 95_000, constraint: 'CONSTRAINT_CPUSET' },
    },
    'before_kill',
    'constraint',
    'high',
  ],
  ['kswapd that gave up', { ...STANDS, sample: { unreclaimableNodes: 1 } }, 'before_kill', 'kswapd_gave_up', 'high'],
  [
    'reclaim that waits for swap over NFS',
    { ...STANDS, signs: { ...STANDS.signs, throttledPerS: 7 }, sample: { writebackKiB: 4000 }, stall: { pageIo: 3 } },
    'before_kill',
    'storage_cycle',
    'low',
  ],
  ['a parent that respawns', { isShort: true, killed: ['sh', 'kid', 'kid', 'kid'] }, 'other', 'fork_storm', 'high'],
  [
    'a fork bomb',
    { ...STANDS, now: { kernelStackKiB: 402_000, availableKiB: 13 * GIB } },
    'before_kill',
    'fork_storm',
    'medium',
  ],
  [
    'kswapd that gave up while nobody else reclaims',
    { ...STANDS, signs: { ...STANDS.signs, directPerS: 0, stallsPerS: 0 }, sample: { unreclaimableNodes: 1 } },
    'before_kill',
    'unknown',
    'low',
  ],
  ['nothing that is known', STANDS, 'before_kill', 'unknown', 'low'],
  [
    'a memcg with as many kills as calls, which keeps no lock for long',
    { ...STANDS, cgroups: [aCgroup({ oomPerS: 5, oomKillPerS: 5 })] },
    'before_kill',
    'unknown',
    'low',
  ],
  [
    'threads that stall with PSI at ease',
    { isNearWatermark: true, stall: { stalling: 3, longestMs: 12_000 } },
    'before_kill',
    'unknown',
    'low',
  ],
  [
    'only allocations without __GFP_FS',
    { isNearWatermark: true, stall: { stalling: 3, longestMs: 12_000, noFs: 2 } },
    'nofs',
    'unknown',
    'low',
  ],
  [
    'the same, the killer called 9 s ago',
    { isNearWatermark: true, stall: { stalling: 3, longestMs: 12_000, noFs: 2 }, kernel: { invokedMs: 91_000 } },
    'nofs',
    'unknown',
    'low',
  ],
  [
    'some without __GFP_FS while the killer is called',
    { isNearWatermark: true, stall: { stalling: 3, longestMs: 12_000, noFs: 2 }, kernel: { invokedMs: 99_000 } },
    'before_kill',
    'unknown',
    'low',
  ],
  [
    't1: fsfreeze',
    { isShort: true, stuck: [aVictim({ reason: 'fsfreeze', detail: 'D' })] },
    'after_kill',
    'victim_on_storage',
    'high',
  ],
  ['t3: FUSE', { isShort: true, stuck: [aVictim({ reason: 'fuse' })] }, 'after_kill', 'victim_on_storage', 'high'],
  ['NFS', { isShort: true, stuck: [aVictim({ reason: 'nfs' })] }, 'after_kill', 'victim_on_storage', 'high'],
  ['t12: dm', { isShort: true, stuck: [aVictim({ reason: 'device' })] }, 'after_kill', 'victim_on_storage', 'high'],
  ['t5: mmap_lock', { ...STANDS, stuck: [aVictim({ reason: 'mmap_lock' })] }, 'after_kill', 'mmap_lock', 'high'],
  ['a reap that hangs', { isShort: true, stuck: [aVictim({ reap: 'hung' })] }, 'after_kill', 'mmap_lock', 'medium'],
  ['t3: a dump', { isShort: true, stuck: [aVictim({ reason: 'core_dump' })] }, 'after_kill', 'core_dump', 'high'],
  [
    'a dump by the reap',
    { isShort: true, stuck: [aVictim({ reap: 'core_dump' })] },
    'after_kill',
    'core_dump',
    'medium',
  ],
  ['t2: frozen', { isShort: true, stuck: [aVictim({ reason: 'frozen_v1' })] }, 'after_kill', 'frozen', 'high'],
  ['t4: a sharer', { isShort: true, stuck: [aVictim({ reason: 'sharer_alive' })] }, 'after_kill', 'clone_vm', 'high'],
  [
    'a sharer by the reap',
    { isShort: true, stuck: [aVictim({ reap: 'sharer_alive' })] },
    'after_kill',
    'clone_vm',
    'medium',
  ],
  [
    't4: vfork',
    { isShort: true, stuck: [aVictim({ reason: 'sharer_alive' })], hiddenProcesses: 1 },
    'after_kill',
    'vfork',
    'high',
  ],
  ['a victim of which nothing is known', { isShort: true, stuck: [aVictim()] }, 'after_kill', 'unknown', 'low'],
  [
    'of several the one that is understood',
    { isShort: true, stuck: [aVictim({ reason: 'traced' }), aVictim({ reason: 'fuse' }), aVictim({ reason: 'nfs' })] },
    'after_kill',
    'victim_on_storage',
    'high',
  ],
];

describe('a livelock', () => {
  it.each(CASES)('%s', (_, differences, class_, cause, confidence) => {
    const found = judge(aSeen(differences));
    expect(found).toMatchObject({ class: class_, cause, confidence });
    expect(found?.evidence.every((text) => text !== '')).toBe(true);
    expect(found?.evidence).not.toEqual([]);
  });
});

describe('its evidence', () => {
  const evidence = (differences: Differences): string => judge(aSeen(differences))?.evidence.join('; ') ?? '';

  it('has the numbers with their units', () => {
    expect(evidence({ isThrashing: true, signs: FILE })).toBe(
      '7400 file pages read again/s; memory full 76 %; 7500 of 12000 scanned pages/s taken; MemAvailable 18432 MiB',
    );
    expect(
      evidence({
        isNearWatermark: true,
        signs: { ...ANON, ioFullPermyriad: ABSENT },
        swapUse: { onDiskKiB: 0, onZramKiB: 9 },
      }),
    ).toBe(
      '8900 anonymous pages brought in again/s; memory full 57 %; 9000 of 20000 scanned pages/s taken; MemAvailable 18432 MiB; SwapFree 0 MiB of 0 MiB',
    );
  });

  it('names the holder, the victim, the cgroup', () => {
    const shared = { isShort: true, noAction: 'futile' } as const;
    const holders = [{ kind: 'tmpfs', name: '/dev/shm', sizeKiB: 2048 }] as const;
    expect(judge(aSeen({ ...shared, holders, now: { shmemKiB: 17 * GIB } }))).toMatchObject({
      subject: '/dev/shm',
      evidence: expect.arrayContaining(['largest holder: /dev/shm, 2 MiB']),
    });
    expect(judge(aSeen({ isShort: true, stuck: [aVictim()] }))?.subject).toBe('pid 4711 (java)');
    expect(judge(aSeen({ cgroups: [aCgroup({ oomPerS: 400 })] }))?.subject).toBe('/system.slice/db.service');
  });

  it('does not invent a size', () => {
    expect(evidence({ isShort: true, stuck: [aVictim({ sizeKiB: ABSENT })] })).toBe(
      'pid 4711 has SIGKILL for 6 s and is not gone',
    );
  });

  it('of an unknown cause is what the class is seen by', () => {
    expect(evidence({ ...STANDS, stall: { stalling: 2, longestMs: 7000, noFs: 1 } })).toBe(
      '2 threads stall, the longest for 7 s; 1 of them may not enter a file system; memory full 60 %; 3 of 50000 scanned pages/s taken',
    );
    const bare = { signs: { fullPermyriad: ABSENT, stolenPerS: ABSENT } };
    expect(evidence({ ...bare, isNearWatermark: true, stall: { stalling: 2, longestMs: 7000 } })).toBe(
      '2 threads stall, the longest for 7 s',
    );
  });
});

describe('killing', () => {
  const helps = (differences: Differences): boolean | undefined => judge(aSeen(differences))?.killHelps;

  it.each<[string, Differences, boolean]>([
    ['helps a thrash', { isThrashing: true, signs: FILE }, true],
    ['does not help where futility says so', { isShort: true, noAction: 'futile', now: { shmemKiB: 17 * GIB } }, false],
    ['may help where shared memory may be that of somebody', { ...STANDS, now: { shmemKiB: 17 * GIB } }, true],
    ['helps where one victim hangs on storage', { isShort: true, stuck: [aVictim({ reason: 'nfs' })] }, true],
    [
      'does not where a second one hangs there',
      { isShort: true, stuck: [aVictim({ reason: 'nfs' }), aVictim({ reason: 'nfs' })] },
      false,
    ],
    [
      'does not while a balloon inflates',
      { ...STANDS, signs: { ...STANDS.signs, inflatedPerS: 9 }, now: { balloonKiB: 10 * GIB, availableKiB: 7 * GIB } },
      false,
    ],
    ['helps after that', { ...STANDS, now: { balloonKiB: 10 * GIB, availableKiB: 7 * GIB } }, true],
  ])('%s', (_, differences, expected) => {
    expect(helps(differences)).toBe(expected);
  });
});
