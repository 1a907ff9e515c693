/** What stalls within one cgroup while the host has memory: memory.high, and a limit at which nobody may or will be killed. */
import type { CgroupRow } from '../cgroup-row.ts';
import { ABSENT } from '../units.ts';
import { isRecent } from './kernel-said.ts';
import { type Finding, mib, percent, type Seen } from './seen.ts';

/** A fifth of the time: the share of core/detect, which page cache that is trimmed at memory.high stays far below. */
const STALLED_PERMYRIAD = 2000;

/**
 * Above memory.high every task sleeps up to 2 s on its way out of the kernel (mem_cgroup_handle_over_high(),
 * mm/memcontrol.c). Nobody is killed, and nothing ends it. Measured (kernel-facts 5.4): 31 high events a second, the
 * cgroup's PSI full 43 %, memory.current above memory.high.
 */
export const memoryHighCause = ({ cgroups, stall }: Seen): Finding | null => {
  for (const row of cgroups) {
    const { path, highKiB, currentKiB, highPerS, fullPermyriad } = row;
    if (highKiB === ABSENT || currentKiB <= highKiB || highPerS <= 0 || fullPermyriad < STALLED_PERMYRIAD) continue;
    const evidence = [
      `memory.current ${mib(currentKiB)} above memory.high ${mib(highKiB)}`,
      `${Math.round(highPerS)} high events/s`,
      `memory.pressure full ${percent(fullPermyriad)}`,
    ];
    if (stall.overHigh > 0) evidence.push(`${stall.overHigh} threads in mem_cgroup_handle_over_high`);
    const confidence = stall.overHigh > 0 ? 'high' : 'medium';
    return { cause: 'memory_high', confidence, killHelps: true, subject: path, evidence };
  }
  return null;
};

/**
 * A memcg with nobody but oom_score_adj -1000: each charge calls the killer, it finds nobody, and the task tries again: 450
 * oom events a second and no kill (kernel-facts 5.8). One with somebody to kill has as many kills as events, or a few.
 */
const OOMS_PER_S = 10;

/** Events a second that no kill has followed. */
const unansweredPerS = ({ oomPerS, oomKillPerS }: CgroupRow): number => oomPerS - Math.max(0, oomKillPerS);

/** The one with the most of them, if it has as many. */
const storm = (cgroups: readonly CgroupRow[], leastPerS: number): CgroupRow | null => {
  let worst: CgroupRow | null = null;
  for (const row of cgroups) {
    const perS = unansweredPerS(row);
    if (perS >= leastPerS && (worst === null || perS > unansweredPerS(worst))) worst = row;
  }
  return worst;
};

const stormEvidence = ({ oomPerS, oomKillPerS, currentKiB, maxKiB }: CgroupRow): string[] => [
  `${Math.round(oomPerS)} oom events/s and ${Math.round(Math.max(0, oomKillPerS))} kills/s`,
  `memory.current ${mib(currentKiB)} of memory.max ${maxKiB === ABSENT ? 'none' : mib(maxKiB)}`,
];

export const memcgUnkillableCause = ({ cgroups }: Seen): Finding | null => {
  const inVain = cgroups.filter(({ oomKillPerS }) => oomKillPerS <= 0);
  const row = storm(inVain, OOMS_PER_S);
  if (row === null) return null;
  // The kernel refuses oom_score_adj -1000, kill(2) does not.
  const about = { confidence: 'high', killHelps: true, subject: row.path } as const;
  return { cause: 'memcg_unkillable', ...about, evidence: stormEvidence(row) };
};

/**
 * cgroup v1 with oom_kill_disable (kernel-facts 5.8): all that need memory there sleep until somebody makes room. Who is in it
 * can be killed: they sleep killably (mem_cgroup_oom_synchronize(), mm/memcontrol-v1.c).
 */
export const memcgUnderOomCause = ({ cgroups }: Seen): Finding | null => {
  const row = cgroups.find(({ isUnderOom }) => isUnderOom);
  if (row === undefined) return null;
  const limit = row.maxKiB === ABSENT ? 'none' : mib(row.maxKiB);
  const evidence = ['oom_kill_disable 1 and under_oom 1', `${mib(row.currentKiB)} of memory.limit_in_bytes ${limit}`];
  return { cause: 'memcg_under_oom', confidence: 'high', killHelps: true, subject: row.path, evidence };
};

/** A report of 3 kB takes 0.3 s on a console of 115,200 baud: the slower it is, the fewer of them fit into a second. */
const LOCKING_OOMS_PER_S = 1;

/**
 * One killer at a time: while a memcg calls it again and again, each time with a report on a slow console, those who are
 * short of the host's memory wait for oom_lock (kernel-facts 5.18). For a host that stalls as well.
 */
export const oomLockCause = ({ cgroups, kernel, nowMs }: Seen): Finding | null => {
  // Whoever finds somebody to kill lets go of it with the kill.
  const row = storm(cgroups, LOCKING_OOMS_PER_S);
  // On a console of 9,600 baud one report takes seconds: too few of them for a rate.
  const saidSo = isRecent(kernel.memcgNoKillableMs, nowMs);
  if (row === null && !saidSo) return null;
  const evidence = row === null ? [] : stormEvidence(row);
  if (saidSo) {
    const agoS = Math.round((nowMs - kernel.memcgNoKillableMs) / 1000);
    evidence.push(`the kernel reported on a cgroup ${agoS} s ago, and found nobody to kill in it`);
  }
  if (kernel.invokedMs !== ABSENT) {
    evidence.push(`the kernel's killer was called ${Math.round((nowMs - kernel.invokedMs) / 1000)} s ago`);
  }
  const subject = storm(cgroups, Number.MIN_VALUE)?.path ?? '';
  return { cause: 'oom_lock', confidence: 'medium', killHelps: true, subject, evidence };
};
