/**
 * Memory that belongs to no process: tmpfs, slab, huge pages, page tables, a driver's, a cache of ZFS, a balloon. It makes a
 * shortage when it is most of memory, or most of what has become available less (kernel-facts 5.9 to 5.13, 5.24).
 */
import type { Holder, HolderKind } from '../holder.ts';
import type { LivelockCause } from '../livelock.ts';
import { grownKiB, lostKiB, type Spread } from './baseline.ts';
import { type Finding, mib, percent, type Seen } from './seen.ts';

interface Kind {
  readonly cause: LivelockCause;
  readonly field: keyof Spread;
  readonly name: string;
  /** Whom core/holder names for it. */
  readonly holders: readonly HolderKind[];
}

const KINDS: readonly Kind[] = [
  {
    cause: 'shmem',
    field: 'shmemKiB',
    name: 'tmpfs and shared memory',
    holders: ['tmpfs', 'sysv_segment', 'memfd'],
  },
  { cause: 'slab', field: 'slabKiB', name: 'unreclaimable slab', holders: ['slab_cache'] },
  { cause: 'hugetlb', field: 'hugetlbKiB', name: 'huge pages', holders: ['hugetlb'] },
  { cause: 'slab', field: 'pageTablesKiB', name: 'page tables', holders: ['page_tables'] },
  { cause: 'slab', field: 'unaccountedKiB', name: 'memory that meminfo does not name', holders: ['unaccounted'] },
  { cause: 'mlocked', field: 'mlockedKiB', name: 'locked memory', holders: ['process'] },
];

/** Appendix A: so much of MemTotal in such hands is the cause, whatever else happens. */
const OF_TOTAL = 0.7;
/** Four fifths of what was lost since the host was at ease, as in core/futility: the rest is the noise of a busy host. */
const OF_LOST = 0.8;
/** Less than a twentieth of MemTotal lost is no shortage that a kind could be the cause of. */
const LOST_OF_TOTAL = 0.05;

const holderOf = (holders: readonly Holder[], kinds: readonly HolderKind[]): Holder | undefined =>
  holders.find(({ kind }) => kinds.includes(kind));

/** Futility has asked what all who may be killed could return; a memfd ends with its process. */
const killHelps = (seen: Seen): boolean => seen.noAction !== 'futile';

const findingOf = (seen: Seen, kind: Kind, evidence: string[], isMost: boolean): Finding => {
  const holder = holderOf(seen.holders, kind.holders);
  if (holder !== undefined) evidence.push(`largest holder: ${holder.name}, ${mib(holder.sizeKiB)}`);
  if (seen.noAction === 'futile') evidence.push('all who may be killed would not return what is missing');
  if (kind.cause === 'hugetlb' && seen.sample.hugeFreePages > 0) {
    evidence.push(`${mib(seen.sample.hugeFreePages * Math.max(0, seen.sample.hugePageKiB))} of them free`);
  }
  const confidence = isMost || seen.noAction === 'futile' ? 'high' : 'medium';
  return { cause: kind.cause, confidence, killHelps: killHelps(seen), subject: holder?.name ?? kind.name, evidence };
};

/** The kind that is most of memory, or most of what was lost. */
export const heldCause = (seen: Seen): Finding | null => {
  const { baseline } = seen;
  const { totalKiB } = baseline.now;
  const lost = lostKiB(baseline);
  for (const kind of KINDS) {
    const sizeKiB = baseline.now[kind.field];
    if (sizeKiB >= totalKiB * OF_TOTAL) {
      return findingOf(seen, kind, [`${kind.name} ${mib(sizeKiB)} of ${mib(totalKiB)}`], true);
    }
    const grown = grownKiB(baseline, kind.field);
    if (lost < totalKiB * LOST_OF_TOTAL || grown < lost * OF_LOST) continue;
    const share = `${kind.name} grew by ${mib(grown)} to ${mib(sizeKiB)}, MemAvailable fell by ${mib(lost)}`;
    return findingOf(seen, kind, [share], true);
  }
  return severalKinds(seen);
};

/** Half of what was lost, as in core/holding: with what futility says besides it is the cause. */
const OF_LOST_IN_VAIN = 0.5;

/** No kind alone, but all together, or what futility has found nobody to return: unless it is in those who may not be killed. */
const severalKinds = (seen: Seen): Finding | null => {
  const { baseline, sample } = seen;
  const { now } = baseline;
  let sumKiB = 0;
  let grown = 0;
  let largest: Kind | null = null;
  for (const kind of KINDS) {
    // Locked memory is anonymous or shared memory as well, and counted there.
    if (kind.cause === 'mlocked') continue;
    const sizeKiB = Math.max(0, now[kind.field]);
    sumKiB += sizeKiB;
    grown += grownKiB(baseline, kind.field);
    if (sizeKiB > 0 && (largest === null || sizeKiB > now[largest.field])) largest = kind;
  }
  if (largest === null) return null;
  const isWhatCame = grown > 0 && grown >= lostKiB(baseline) * OF_LOST_IN_VAIN;
  const isNobodys = seen.noAction === 'futile' && (isWhatCame || sumKiB >= sample.anonPagesKiB);
  if (sumKiB < now.totalKiB * OF_TOTAL && !isNobodys) return null;
  const evidence = [
    `${mib(sumKiB)} of ${mib(now.totalKiB)} belong to no process, ${mib(now[largest.field])} are ${largest.name}`,
  ];
  return findingOf(seen, largest, evidence, false);
};

/**
 * A third of memory: ARC takes half of it at most before OpenZFS 2.3 and gives way to pressure, so it is the cause only where
 * it did not.
 */
const ARC_OF_TOTAL = 0.3;

export const arcCause = ({ holders, sample }: Seen): Finding | null => {
  const arc = holders.find(({ kind }) => kind === 'arc');
  if (arc === undefined || arc.sizeKiB < sample.memTotalKiB * ARC_OF_TOTAL) return null;
  const evidence = [
    `ARC ${mib(arc.sizeKiB)} of ${mib(sample.memTotalKiB)}`,
    `MemAvailable ${mib(sample.memAvailableKiB)}`,
  ];
  return { cause: 'arc', confidence: 'medium', killHelps: true, subject: arc.name, evidence };
};

/** Half of what was lost: it also takes what a kill returns, for as long as it inflates. */
const BALLOON_OF_LOST = 0.5;

export const balloonCause = ({ baseline, signs }: Seen): Finding | null => {
  const lost = lostKiB(baseline);
  // virtio_balloon takes its pages out of MemTotal, unless it deflates on OOM.
  const shrunk = grownKiB({ calm: baseline.now, now: baseline.calm }, 'totalKiB');
  const taken = Math.max(grownKiB(baseline, 'balloonKiB'), shrunk);
  if (taken === 0 || taken < lost * BALLOON_OF_LOST || taken < baseline.now.totalKiB * LOST_OF_TOTAL) return null;
  const evidence = [`the balloon took ${mib(taken)}, MemAvailable fell by ${mib(lost)}`];
  const inflates = signs.inflatedPerS > 0;
  if (inflates)
    evidence.push(`${percent((signs.inflatedPerS * 4 * 10_000) / baseline.now.totalKiB)} of memory a second still`);
  return { cause: 'balloon', confidence: 'high', killHelps: !inflates, subject: 'memory balloon', evidence };
};
