/**
 * Class from progress and victims, as kmallocwd's author reads his counters (kernel-facts 2.4); cause from signs. Both are
 * asked apart: a class without a known cause is told as "unknown", a cause without a class not at all.
 */
import type { Livelock, LivelockClass } from '../livelock.ts';
import { ABSENT } from '../units.ts';
import { arcCause, balloonCause, heldCause } from './held.ts';
import { allocatingTaskCause, forkStormCause, unkillableCause } from './killer.ts';
import { memcgUnderOomCause, memcgUnkillableCause, memoryHighCause, oomLockCause } from './memcg.ts';
import { constraintCause, kswapdCause, storageCycleCause } from './reclaim.ts';
import { type Cause, type Finding, percent, type Seen } from './seen.ts';
import { thrashCause } from './thrash.ts';
import { victimCause } from './victim.ts';

export type Judgement = Pick<Livelock, 'class' | 'cause' | 'confidence' | 'killHelps' | 'subject' | 'evidence'>;

/**
 * In order of precedence: what says who is at fault before what says how it shows. Appendix A puts victims first, then what
 * is no process's memory, then thrash, then reclaim that fails.
 */
const OF_HOST: readonly Cause[] = [
  forkStormCause,
  balloonCause,
  arcCause,
  heldCause,
  unkillableCause,
  allocatingTaskCause,
  constraintCause,
  // Whoever keeps the killer away keeps a thrash from its end as well.
  oomLockCause,
  thrashCause,
  storageCycleCause,
  kswapdCause,
];
/** Within a cgroup: the host itself may be at ease. */
const OF_CGROUP: readonly Cause[] = [memcgUnkillableCause, memcgUnderOomCause, memoryHighCause];
/** Memory stays short though nothing need stall. */
const OF_SHORTAGE: readonly Cause[] = [
  forkStormCause,
  balloonCause,
  arcCause,
  heldCause,
  unkillableCause,
  constraintCause,
];

const first = (causes: readonly Cause[], seen: Seen): Finding | null => {
  for (const cause of causes) {
    const finding = cause(seen);
    if (finding !== null) return finding;
  }
  return null;
};

/** Appendix A: a fifth of the time in which everybody waits. Streams make 2 to 5 %. */
const FULL_PERMYRIAD = 2000;
/** Shorter is not a rate yet: one late tick or one burst of reclaim. */
const SPAN_MS = 2000;
/** Half of what kmallocwd waits before it speaks (2.2). */
const STALL_MS = 5000;
/** Pages scanned without a gain, where a stalled host scans by the ten thousand. */
const SCANS_PER_S = 1000;
/** Refaults come from pages that the host's reclaim took, or from the reclaim of cgroups, which is not in its counters. */
const OF_REFAULTS = 0.5;

const stalledThreads = ({ stall }: Seen): boolean =>
  stall.seen !== ABSENT && stall.stalling > 0 && stall.longestMs >= STALL_MS;

const stallsByPressure = ({ signs }: Seen): boolean => signs.spanMs >= SPAN_MS && signs.fullPermyriad >= FULL_PERMYRIAD;

/** Whether it is the reclaim of the whole host that stalls: PSI and refaults alone count those within cgroups as well. */
const isHostWide = ({ signs, motion, isNearWatermark }: Seen): boolean => {
  if (!isNearWatermark) return false;
  if (motion === 'stands') return signs.scannedPerS >= SCANS_PER_S || signs.stallsPerS > 0;
  const cameBack = Math.max(0, signs.refaultFilePerS) + Math.max(0, signs.refaultAnonPerS);
  return signs.stolenPerS >= cameBack * OF_REFAULTS;
};

/**
 * Who waits for oom_lock sleeps a tick at a time in the page allocator, not in reclaim: PSI and kmallocwd's signs see next to
 * nothing of it (mm/page_alloc.c, __alloc_pages_may_oom()). Free pages at the watermark, and none that is won for good, do.
 */
const isLockedOut = (seen: Seen): boolean => seen.isShort && seen.isNearWatermark && oomLockCause(seen) !== null;

/**
 * Whoever is bound to a node that is full reclaims there in vain, and the host is far from its watermarks. Only reclaim that is no
 * cgroup's enters the counter of stalls (mm/vmscan.c, do_try_to_free_pages()).
 */
const isBound = (seen: Seen): boolean =>
  !seen.isNearWatermark && seen.signs.stallsPerS > 0 && constraintCause(seen) !== null;

const isHostStalled = (seen: Seen): boolean => {
  if (seen.isThrashing) return true;
  if (seen.motion === 'moves') return false;
  if (seen.motion !== 'unknown' && isLockedOut(seen)) return true;
  if (seen.motion === 'spins' && seen.isWithinLimits) return false;
  if (stalledThreads(seen)) return seen.isNearWatermark || isBound(seen);
  return seen.motion !== 'unknown' && stallsByPressure(seen) && (isHostWide(seen) || isBound(seen));
};

/** Allocations that may not enter a file system never call the killer, and it is not called (kernel-facts 2.4, 5.5). */
const isNoFs = ({ stall, signs, kernel, nowMs }: Seen): boolean =>
  stall.noFs > 0 &&
  stall.noFs * 2 > stall.stalling &&
  signs.kernelKillsPerS <= 0 &&
  (kernel.invokedMs === ABSENT || nowMs - kernel.invokedMs >= STALL_MS);

const hostClass = (seen: Seen): LivelockClass => {
  if (isNoFs(seen)) return 'nofs';
  return seen.motion === 'stands' ? 'before_kill' : 'overload';
};

/** What the class is seen by. */
const classEvidence = (seen: Seen): string[] => {
  const { signs, stall } = seen;
  const evidence: string[] = [];
  if (stalledThreads(seen)) {
    evidence.push(`${stall.stalling} threads stall, the longest for ${Math.round(stall.longestMs / 1000)} s`);
  }
  if (stall.noFs > 0) evidence.push(`${stall.noFs} of them may not enter a file system`);
  if (signs.fullPermyriad !== ABSENT) evidence.push(`memory full ${percent(signs.fullPermyriad)}`);
  if (signs.stolenPerS !== ABSENT) evidence.push(`${signs.stolenPerS} of ${signs.scannedPerS} scanned pages/s taken`);
  return evidence;
};

const judged = (livelockClass: LivelockClass, finding: Finding | null, seen: Seen): Judgement => {
  if (finding === null) {
    const evidence = classEvidence(seen);
    return { class: livelockClass, cause: 'unknown', confidence: 'low', killHelps: true, subject: '', evidence };
  }
  return { class: livelockClass, ...finding };
};

/** null: the host moves, or nothing says that it does not. */
export const judge = (seen: Seen): Judgement | null => {
  const isStalled = isHostStalled(seen);
  if (seen.stuck.length > 0 && (isStalled || seen.isShort)) return judged('after_kill', victimCause(seen), seen);
  if (isStalled) return judged(hostClass(seen), first(OF_HOST, seen), seen);
  const within = first(OF_CGROUP, seen);
  if (within !== null) return judged('other', within, seen);
  // What grows fast is short for a moment as well: only where nobody can be killed, or killing has not helped.
  const isInVain = seen.noAction !== null || seen.killed.length > 0;
  const short = seen.isShort && isInVain ? first(OF_SHORTAGE, seen) : null;
  if (short !== null) return judged('other', short, seen);
  return null;
};
