/** What the kernel's records have said of its own killer lately: kept as times, as a verdict looks back some seconds. */
import type { KernelEvent } from '../kernel-event.ts';
import { ABSENT } from '../units.ts';

export interface KernelSaid {
  /** "no killable processes", and with which text. */
  noKillableMs: number;
  noKillableText: string;
  /** The same of a cgroup at its limit. */
  memcgNoKillableMs: number;
  /** A kill that only looked at the tasks of a cpuset or of a memory policy. */
  constraintMs: number;
  constraint: string;
  /** Somebody called the killer. */
  invokedMs: number;
  /** A burst of kills of whoever allocated (vm.oom_kill_allocating_task). */
  allocatingTaskMs: number;
  allocatingTaskKills: number;
}

export const createKernelSaid = (): KernelSaid => ({
  noKillableMs: ABSENT,
  noKillableText: '',
  memcgNoKillableMs: ABSENT,
  constraintMs: ABSENT,
  constraint: '',
  invokedMs: ABSENT,
  allocatingTaskMs: ABSENT,
  allocatingTaskKills: 0,
});

/** Longer ago is another trouble: the kernel repeats itself every 5 s at the least while it lasts (printk_ratelimit). */
const RECENT_MS = 10_000;

export const isRecent = (sinceMs: number, nowMs: number): boolean => sinceMs !== ABSENT && nowMs - sinceMs < RECENT_MS;

/** What mm/oom_kill.c calls them: constraint=CONSTRAINT_CPUSET, CONSTRAINT_MEMORY_POLICY. */
const CONSTRAINTS = ['CONSTRAINT_CPUSET', 'CONSTRAINT_MEMORY_POLICY'];

/** Takes in what has been said since the last turn. */
export const hear = (said: KernelSaid, events: readonly KernelEvent[], nowMs: number): void => {
  for (let at = 0; at < events.length; at++) {
    const event = events[at] as KernelEvent;
    if (event.kind === 'invoked') said.invokedMs = nowMs;
    else if (event.kind === 'note' && event.note === 'no_killable') {
      said.noKillableMs = nowMs;
      said.noKillableText = event.text;
    } else if (event.kind === 'note' && event.note === 'memcg_no_killable') {
      said.memcgNoKillableMs = nowMs;
    } else if (event.kind === 'selected' && CONSTRAINTS.includes(event.constraint)) {
      said.constraintMs = nowMs;
      said.constraint = event.constraint;
    } else if (event.kind === 'killed' && event.scope === 'allocating_task') {
      said.allocatingTaskKills = isRecent(said.allocatingTaskMs, nowMs) ? said.allocatingTaskKills + 1 : 1;
      said.allocatingTaskMs = nowMs;
    }
  }
};
