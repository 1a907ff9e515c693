/**
 * Before a kill: can killing end this shortage at all? Memory in tmpfs, shared segments, slab and huge pages belongs to no
 * process, that of the protected to nobody who may be chosen; the kernel then kills innocents one by one and the memory
 * stays (kernel-facts 5.9: 178 of 217 MB of a full tmpfs stayed after two of them).
 */
import { EXCLUSIONS } from './event.ts';
import type { Holder } from './holder.ts';
import { markKiB } from './mark.ts';
import type { Mark, Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { rowSizeKiB } from './select/badness.ts';
import type { Ranking } from './select/rank.ts';
import { ABSENT } from './units.ts';
import { LEVEL } from './verdict.ts';

/** The last turn that was calm: what has changed since is what the shortage is made of. */
export interface Calm {
  availableKiB: number;
  heldKiB: number;
}

export const createCalm = (): Calm => ({ availableKiB: ABSENT, heldKiB: ABSENT });

/** Memory that belongs to no process. */
export const heldKiB = ({ shmemKiB, slabUnreclaimableKiB, hugetlbKiB }: Sample): number =>
  Math.max(0, shmemKiB) + Math.max(0, slabUnreclaimableKiB) + Math.max(0, hugetlbKiB);

export const noteCalm = (calm: Calm, sample: Sample, level: number): void => {
  if (level !== LEVEL.CALM) return;
  calm.availableKiB = sample.memAvailableKiB;
  calm.heldKiB = heldKiB(sample);
};

/** When four fifths of what was lost since calm went there, it is what makes the shortage; the rest is noise of a busy host. */
const CAUSE_SHARE = 0.8;

/**
 * A tmpfs that is being filled stands just below the mark when it is first seen, and what a kill returns is filled as well.
 * So as much again as came since calm is taken to come still; 0 when the shortage is of another make, or when somebody who may
 * be killed maps as much as came (`mappedKiB`): a memfd or an anonymous shared mapping, as of some heaps of Java, ends with him.
 */
const toComeKiB = (calm: Calm, sample: Sample, mappedKiB: number): number => {
  if (calm.availableKiB === ABSENT) return 0;
  const grownKiB = heldKiB(sample) - calm.heldKiB;
  if (mappedKiB >= grownKiB * CAUSE_SHARE) return 0;
  const lostKiB = calm.availableKiB - sample.memAvailableKiB;
  return lostKiB > 0 && grownKiB >= lostKiB * CAUSE_SHARE ? grownKiB : 0;
};

/** What nobody's death returns, and what all that may be killed could, KiB. */
export interface Futility {
  readonly neededKiB: number;
  readonly returnableKiB: number;
  /** Shmem: tmpfs, SysV and POSIX segments, memfds. Returned by those who delete or truncate it. */
  readonly shmemKiB: number;
  readonly slabKiB: number;
  readonly hugetlbKiB: number;
  /** Of processes that may not be chosen: protected, oom_score_adj -1000. */
  readonly spared: { readonly sizeKiB: number; readonly largestPid: number; readonly largestComm: string };
  /** By name, as of the last look; empty before the first. */
  readonly holders: readonly Holder[];
}

const UNIDENTIFIED = EXCLUSIONS.indexOf('unidentified');
const SPARED: readonly number[] = (['protected', 'oom_score_adj_min', 'self', 'ancestor', 'init'] as const).map(
  (reason) => EXCLUSIONS.indexOf(reason),
);

/** How far an amount is below its mark, KiB; negative above it, ABSENT when the mark is off or the amount unknown. */
const missingKiB = (mark: Mark, amountKiB: number, totalKiB: number): number => {
  const kib = markKiB(mark, totalKiB);
  return kib === ABSENT || amountKiB === ABSENT ? ABSENT : kib - amountKiB;
};

/**
 * What is missing to leave the level that demands the kill: less than that is no help. With swap "and" is left by either
 * mark, "or" by both; what a process returns is counted for the one that is asked about, wherever it lies.
 */
const neededKiB = ({ detect }: Policy, sample: Sample, level: number): number => {
  const marks = level >= LEVEL.KILL ? detect.kill : detect.term;
  const memory = missingKiB(marks.memAvailable, sample.memAvailableKiB, sample.memTotalKiB);
  if (sample.swapTotalKiB <= 0) return memory;
  const swap = missingKiB(marks.swapFree, sample.swapFreeKiB, sample.swapTotalKiB);
  return detect.combine === 'and' ? Math.min(memory, swap) : Math.max(memory, swap);
};

/**
 * null while killing can help. Every doubt is on its side: RSS counts whole, page cache and shared pages included, a mm
 * that several share as often as it is shown. `ranking` is of this table.
 */
export const futilityOf = (
  ranking: Ranking,
  table: ProcessTable,
  sample: Sample,
  policy: Policy,
  level: number,
  calm: Calm,
  holders: readonly Holder[],
): Futility | null => {
  const missing = neededKiB(policy, sample, level);
  if (missing <= 0 || !policy.act.futility || policy.select.onlyPid !== ABSENT) return null;
  let returnableKiB = 0;
  let mappedKiB = 0;
  let sparedKiB = 0;
  let largest: number = ABSENT;
  let largestKiB = 0;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const sizeKiB = rowSizeKiB(table, slot);
    const exclusion = ranking.exclusion[slot] as number;
    // Who that is will be looked at first: it may be the hog.
    if (exclusion === ABSENT || exclusion === UNIDENTIFIED) {
      // Its page tables go with it: a process that maps a large file or segment has more of them than of anything else.
      returnableKiB += sizeKiB + Math.max(0, table.pageTablesKiB[slot] as number);
      mappedKiB = Math.max(mappedKiB, (table.rssKiB[slot] as number) - (table.rssAnonKiB[slot] as number));
    }
    if (!SPARED.includes(exclusion)) continue;
    sparedKiB += sizeKiB;
    if (sizeKiB <= largestKiB) continue;
    largest = slot;
    largestKiB = sizeKiB;
  }
  const shmemKiB = Math.max(0, sample.shmemKiB);
  const slabKiB = Math.max(0, sample.slabUnreclaimableKiB);
  const hugetlbKiB = Math.max(0, sample.hugetlbKiB);
  const needed = missing + toComeKiB(calm, sample, mappedKiB);
  // The ARC of ZFS is not held: it shrinks when the kernel asks. What drivers took is, as nobody can have it returned.
  const unaccountedKiB = holders.find(({ kind }) => kind === 'unaccounted')?.sizeKiB ?? 0;
  const arcKiB = holders.find(({ kind }) => kind === 'arc')?.sizeKiB ?? 0;
  if (returnableKiB + arcKiB >= needed || heldKiB(sample) + unaccountedKiB + sparedKiB < missing) return null;
  const spared = {
    sizeKiB: sparedKiB,
    largestPid: largest === ABSENT ? ABSENT : (table.pid[largest] as number),
    largestComm: largest === ABSENT ? '' : (table.comm[largest] as string),
  };
  return { neededKiB: needed, returnableKiB, shmemKiB, slabKiB, hugetlbKiB, spared, holders };
};

const KIB_PER_MIB = 1024;
const mib = (kib: number): string => `${Math.round(kib / KIB_PER_MIB)} MiB`;

/** Holders by name in the text; the event about them has all of them, with what returns each. */
const NAMED = 3;

/** Who has the memory, largest first, and where to look for what has no name yet; for people. */
export const futilityText = (futility: Futility): string => {
  const { shmemKiB, slabKiB, hugetlbKiB, spared } = futility;
  const named = futility.holders.slice(0, NAMED).map(({ kind, name, sizeKiB }) => `${kind} ${name} ${mib(sizeKiB)}`);
  const sums: [number, string][] = [
    [shmemKiB, `tmpfs and shared memory ${mib(shmemKiB)} (df -t tmpfs; ipcs -m)`],
    [slabKiB, `unreclaimable slab ${mib(slabKiB)} (slabtop -s c)`],
    [hugetlbKiB, `huge pages ${mib(hugetlbKiB)} (sysctl vm.nr_hugepages)`],
    [
      spared.sizeKiB,
      `processes that may not be killed ${mib(spared.sizeKiB)}, most in pid ${spared.largestPid} (${spared.largestComm})`,
    ],
  ];
  const told = sums.filter(([kib]) => kib >= KIB_PER_MIB).sort(([a], [b]) => b - a);
  const sum = `all that may be killed would return ${mib(futility.returnableKiB)} of ${mib(futility.neededKiB)} needed`;
  return [sum, ...named, ...told.map(([, text]) => text)].join('; ');
};
