/** A process that we have signalled: what was expected of it and what came. Shared by act and verify. */
import type { Company, ProcessFacts, VerifyVerdict } from './event.ts';
import type { ProcessTable } from './process-table.ts';
import { ABSENT } from './units.ts';

/** One that shares the victim's mm, or its cgroup with memory.oom.group. */
export interface Companion {
  readonly slot: number;
  readonly pid: number;
  readonly company: Company;
}

export interface Victim {
  readonly slot: number;
  readonly facts: ProcessFacts;
  /** The last signal and when it was sent. */
  signal: 'TERM' | 'KILL';
  signalledMs: number;
  /** When the first signal was sent: checkpoints count from the signal that is to free the memory. */
  readonly firstSignalMs: number;
  /** Observe mode: nothing was sent last, so nothing will come. */
  simulated: boolean;
  /** What killing it can return at most: its anonymous and swapped memory, KiB. */
  readonly expectedKiB: number;
  /** MemAvailable + SwapFree at the signal, KiB. */
  readonly baselineKiB: number;
  /** All threads have exited; ABSENT until then. */
  exitedMs: number;
  /** Its memory has been given back, by its exit or by a reaper; ABSENT until then. */
  freedMs: number;
  /** Who goes along with it: signalled whenever it is. */
  readonly company: Companion[];
  /** The cgroup that dies with it as a whole, with everything below; "" none. */
  readonly wholePath: string;
  /** Index of the next checkpoint to be told. */
  checkpoint: number;
  verdict: VerifyVerdict | null;
}

/** Whether the outcome is still open: a second victim is not taken while it is. */
export const isPending = (victim: Victim): boolean => victim.verdict === null;

/**
 * A new policy protects whom it protects at once: one that has been asked to leave and is protected now is no victim any
 * more, so that its SIGTERM is not followed by a SIGKILL; nor is one that shares its mm with a protected process. After
 * SIGKILL there is nothing left to protect.
 */
export const spareProtected = (victims: Victim[], table: ProcessTable): void => {
  const isProtected = (slot: number, pid: number): boolean =>
    table.pid[slot] === pid && table.protectRule[slot] !== ABSENT;
  for (let at = victims.length - 1; at >= 0; at--) {
    const { slot, facts, signal, company } = victims[at] as Victim;
    if (signal !== 'TERM') continue;
    const sharesMm = company.some((each) => each.company === 'mm_group' && isProtected(each.slot, each.pid));
    if (sharesMm || isProtected(slot, facts.pid)) victims.splice(at, 1);
    for (let other = company.length - 1; other >= 0; other--) {
      const each = company[other] as Companion;
      if (isProtected(each.slot, each.pid)) company.splice(other, 1);
    }
  }
};

/**
 * Whether the process in `slot` is a victim that has yet to go. A vacated slot's next process is another process: its pid
 * differs. In observe mode nobody has to go, and the best victim stays the best one.
 */
export const isVictimSlot = (victims: readonly Victim[], slot: number, pid: number): boolean => {
  for (const victim of victims) {
    if (victim.exitedMs !== ABSENT || victim.simulated) continue;
    if (victim.slot === slot && victim.facts.pid === pid) return true;
    for (const companion of victim.company) if (companion.slot === slot && companion.pid === pid) return true;
  }
  return false;
};
