/**
 * The allocation-stall watch, kmallocwd in user space: is something stalling, which threads, for how long; told as
 * kmallocwd tells it. Behind the gate nothing is done but a few comparisons.
 */
import type { Dying } from '../dying.ts';
import type { OomwatchdEvent } from '../event.ts';
import type { Policy } from '../policy.ts';
import type { Sample } from '../sample.ts';
import type { StallSummary } from '../stall-summary.ts';
import type { ThreadFindings, ThreadReading } from '../thread-readings.ts';
import { ABSENT } from '../units.ts';
import { createStallGate, type StallGate, somethingStalls } from './gate.ts';
import { blankSummary, isVictim, summarize } from './summary.ts';
import { createSuspects, forgetAll, type Suspects, takeReading } from './suspects.ts';
import { createStallWarning, type StallWarning, warn } from './warning.ts';

export interface StallWatch {
  readonly gate: StallGate;
  readonly suspects: Suspects;
  readonly warning: StallWarning;
  /** Threads are walked, and those that are followed looked at. */
  isOpen: boolean;
  /** vmstat's oom_kill when it was last read: kills, not calls of out_of_memory() as kmallocwd counts (kernel-facts 2.6). */
  oomCount: number;
  /** Walks that had been completed when it opened: counts of before say nothing. */
  walksBefore: number;
  /** The process whose stat has been told to hang; ABSENT: none. */
  hungPid: number;
}

export const createStallWatch = (): StallWatch => ({
  gate: createStallGate(),
  suspects: createSuspects(),
  warning: createStallWarning(),
  isOpen: false,
  oomCount: ABSENT,
  walksBefore: 0,
  hungPid: ABSENT,
});

const NO_WALK = { walks: 0, threads: ABSENT, dying: 0, exiting: 0, victim: 0 };

const hasVictim = (victims: readonly Dying[]): boolean => {
  for (let at = 0; at < victims.length; at++) if (isVictim(victims[at] as Dying)) return true;
  return false;
};

/** A read that hangs is told once, and once when it has ended. */
const tellHung = (watch: StallWatch, hungPid: number, events: OomwatchdEvent[]): void => {
  if (hungPid === watch.hungPid) return;
  watch.hungPid = hungPid;
  const detail =
    hungPid === ABSENT
      ? ''
      : `stat of pid ${hungPid} hangs, its exec_update_lock is held; of threads only status is read`;
  events.push({ kind: 'source', name: 'task_stat', up: hungPid === ABSENT, fault: hungPid !== ABSENT, detail });
};

/** One turn. `victims` are all that are known to be dying; `summary` is written in place. */
export const followStall = (
  watch: StallWatch,
  summary: StallSummary,
  sample: Sample,
  found: ThreadFindings,
  victims: readonly Dying[],
  policy: Policy,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  const { gate, suspects, warning } = watch;
  if (sample.oomKill !== ABSENT) watch.oomCount = sample.oomKill;
  const stalls = somethingStalls(gate, sample, hasVictim(victims), policy.detect.lateMs, nowMs);
  const wasOpen = watch.isOpen;
  watch.isOpen = stalls && policy.stall.enabled;
  if (watch.isOpen) {
    if (!wasOpen) watch.walksBefore = found.walk.walks;
    for (let at = 0; at < found.count; at++) takeReading(suspects, found.readings[at] as ThreadReading);
    const walk = found.walk.walks > watch.walksBefore ? found.walk : NO_WALK;
    summarize(summary, suspects, walk, victims, nowMs);
  } else if (wasOpen) {
    forgetAll(suspects);
    blankSummary(summary);
  }
  tellHung(watch, found.hungPid, events);
  warn(warning, summary, suspects, victims, watch.oomCount, policy.stall, nowMs, events);
};
