/**
 * When a stall is told and whom to name: the first time when a thread has stalled for the time set, then every period for
 * as long as one does, as khungtaskd's variant of kmallocwd did after 10 s and kmallocwd itself every 60 s (kernel-facts 2.1).
 */
import type { Dying } from '../dying.ts';
import type { OomwatchdEvent } from '../event.ts';
import type { StallPolicy } from '../policy.ts';
import type { StalledTask } from '../stall-event.ts';
import type { StallSummary } from '../stall-summary.ts';
import { TASK_FLAG } from '../thread-readings.ts';
import { ABSENT } from '../units.ts';
import { isVictim } from './summary.ts';
import { isKswapd, isStalling, type Suspect, type Suspects, stalledMs } from './suspects.ts';

/**
 * Threads named in one warning, the longest first. The kernel log takes ten records in five seconds from one writer
 * (kernel/printk/printk.c, devkmsg_write()): with the summary these are six, which leaves four for kills.
 */
const NAMED_MAX = 5;

/** Nothing has stalled for so long: the stall is over, and what comes then is another one. */
const OVER_MS = 5000;

export interface StallWarning {
  /** When the last one was given; ABSENT: none in this stall. */
  warnedMs: number;
  /** The last turn in which something stalled. */
  stalledMs: number;
  /** The longest of this stall. */
  longestMs: number;
}

export const createStallWarning = (): StallWarning => ({ warnedMs: ABSENT, stalledMs: ABSENT, longestMs: 0 });

/** Longest first; kswapd behind all others, one of them, as its state tells whether reclaim itself is stuck. */
export const toName = (suspects: Suspects): Suspect[] => {
  const stalling = suspects.list.filter(isStalling).sort((a, b) => a.sinceMs - b.sinceMs || a.tid - b.tid);
  const kswapd = suspects.list.find(isKswapd);
  return kswapd === undefined ? stalling.slice(0, NAMED_MAX) : [...stalling.slice(0, NAMED_MAX - 1), kswapd];
};

const taskOf = (suspect: Suspect, victims: readonly Dying[]): StalledTask => ({
  pid: suspect.pid,
  tid: suspect.tid,
  comm: suspect.comm,
  flags: suspect.flags,
  switches: suspect.switches,
  delayMs: isKswapd(suspect) ? ABSENT : stalledMs(suspect),
  place: suspect.place,
  isUninterruptible: suspect.state === 'D',
  isExiting: (suspect.flags & TASK_FLAG.EXITING) !== 0,
  isDying: suspect.isKillPending,
  isVictim: victims.some((dying) => dying.pid === suspect.pid && isVictim(dying)),
});

/** One turn: pushes what is to be told. `oomCount` is vmstat's oom_kill, ABSENT when it was never read. */
export const warn = (
  warning: StallWarning,
  summary: StallSummary,
  suspects: Suspects,
  victims: readonly Dying[],
  oomCount: number,
  policy: StallPolicy,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  if (summary.stalling > 0) {
    warning.stalledMs = nowMs;
    warning.longestMs = Math.max(warning.longestMs, summary.longestMs);
  } else if (warning.stalledMs !== ABSENT && nowMs - warning.stalledMs >= OVER_MS) {
    if (warning.warnedMs !== ABSENT) events.push({ kind: 'stall_over', longestMs: warning.longestMs });
    warning.warnedMs = warning.stalledMs = ABSENT;
    warning.longestMs = 0;
  }
  const isDue = warning.warnedMs === ABSENT || nowMs - warning.warnedMs >= policy.repeatMs;
  if (!isDue || summary.longestMs === ABSENT || summary.longestMs < policy.warnAfterMs) return;
  warning.warnedMs = nowMs;
  const { stalling, dying, exiting, victim, longestMs, seen } = summary;
  events.push({ kind: 'stall', stalling, dying, exiting, victim, oomCount, longestMs, seen });
  for (const suspect of toName(suspects)) {
    events.push({ kind: 'stalled_task', ...taskOf(suspect, victims) });
  }
};
