/**
 * Did memory come back? Told at 50 ms, 250 ms, 1 s and 5 s after the signal, and judged once: a kill is done when its
 * memory is there, not when kill(2) returned.
 */
import type { OomwatchdEvent } from '../event.ts';
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';
import { LEVEL } from '../verdict.ts';
import { isPending, type Victim } from '../victim.ts';

/**
 * Checkpoints after the signal, ms. 50: a small victim is gone; 250: the exit of gigabytes shows; 1000: what has not
 * come by now will not come by itself; 5000: the patch's victim timer (5*HZ, patch 5 of the series).
 */
export const CHECKPOINTS_MS = [50, 250, 1000, 5000] as const;

/** Below a fifth of what was expected nothing worth the name came back: shared, shmem or page cache (kernel-facts 3.1). */
const NOT_RETURNED_SHARE = 0.2;

/** After the exit of the last thread exit_mmap() has run; per-CPU counters and buddy merging need no longer than this. */
const SETTLE_MS = 250;

/** Where the memory has to show: on the host, or within the limit of a cgroup. */
export type Room = Pick<Sample, 'memAvailableKiB' | 'swapFreeKiB'>;

/** KiB that came back since the signal; negative when others took more. */
export const returnedKiB = (victim: Victim, sample: Room): number =>
  sample.memAvailableKiB + Math.max(0, sample.swapFreeKiB) - victim.baselineKiB;

const judge = (
  victim: Victim,
  returned: number,
  level: number,
  victimTimeoutMs: number,
  holdOffMs: number,
  nowMs: number,
): Victim['verdict'] => {
  if (victim.freedMs === ABSENT) {
    // A SIGTERM may take its time; that clock is act's. After SIGKILL nothing may.
    return victim.signal === 'KILL' && nowMs - victim.signalledMs >= victimTimeoutMs ? 'stuck' : null;
  }
  const settled = nowMs - victim.freedMs;
  if (settled < holdOffMs) return null;
  if (level < LEVEL.TERM) return 'recovered';
  const enough = victim.expectedKiB * NOT_RETURNED_SHARE;
  if (returned >= enough) return 'partial';
  return settled >= Math.max(SETTLE_MS, holdOffMs) ? 'not_returned' : null;
};

/**
 * Follows one victim: sets its verdict when it can be given, and appends a `verify` event at each checkpoint and at the
 * verdict. `exited`: all threads are gone, as its pidfd tells; `reaped`: its memory
 * has been given back though it has not gone (mm/oom_kill.c, process_mrelease(2)).
 */
export const follow = (
  victim: Victim,
  exited: boolean,
  reaped: boolean,
  sample: Room,
  level: number,
  limits: { victimTimeoutMs: number; holdOffMs: number },
  episode: number,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  if (!isPending(victim) || victim.simulated || sample.memAvailableKiB === ABSENT) return;
  if (exited && victim.exitedMs === ABSENT) victim.exitedMs = nowMs;
  if ((exited || reaped) && victim.freedMs === ABSENT) victim.freedMs = nowMs;
  const returned = returnedKiB(victim, sample);
  victim.verdict = judge(victim, returned, level, limits.victimTimeoutMs, limits.holdOffMs, nowMs);
  const afterMs = nowMs - victim.signalledMs;
  const due = CHECKPOINTS_MS[victim.checkpoint];
  const isDue = due !== undefined && afterMs >= due;
  if (!isDue && victim.verdict === null) return;
  // A late tick passes several checkpoints at once: one event tells all of them.
  while (afterMs >= (CHECKPOINTS_MS[victim.checkpoint] ?? Number.POSITIVE_INFINITY)) victim.checkpoint++;
  events.push({
    kind: 'verify',
    episode,
    pid: victim.facts.pid,
    comm: victim.facts.comm,
    afterMs,
    expectedKiB: victim.expectedKiB,
    returnedKiB: returned,
    exited: victim.exitedMs !== ABSENT,
    verdict: victim.verdict,
  });
};

/** Milliseconds to the next time that `follow` has something to say; ABSENT when it has not. */
export const dueMs = (victim: Victim, victimTimeoutMs: number, holdOffMs: number, nowMs: number): number => {
  if (!isPending(victim) || victim.simulated) return ABSENT;
  let at = victim.signalledMs + (CHECKPOINTS_MS[victim.checkpoint] ?? Number.POSITIVE_INFINITY);
  if (victim.freedMs !== ABSENT) at = Math.min(at, victim.freedMs + holdOffMs);
  else if (victim.signal === 'KILL') at = Math.min(at, victim.signalledMs + victimTimeoutMs);
  return at === Number.POSITIVE_INFINITY ? ABSENT : Math.max(0, at - nowMs);
};
