/**
 * The counters against the records: /proc/vmstat's oom_kill counts every kill of the kernel's killer, global or memcg
 * (mm/oom_kill.c, __oom_kill_process(), 4.13). When it moves by more than the records told, some text is in a shape that
 * nobody parses, or was lost: better told than believed.
 */
import type { OomwatchdEvent } from '../event.ts';
import { ABSENT } from '../units.ts';
import type { Register } from './register.ts';

/** A record may be a tick or two behind its counter, and vmstat's per-CPU parts up to a second (vm.stat_interval). */
const BEHIND_MS = 3000;

/** Compares; `oomKill` is ABSENT in ticks that did not read it. */
export const crossCheck = (register: Register, oomKill: number, nowMs: number, events: OomwatchdEvent[]): void => {
  if (oomKill === ABSENT) return;
  if (register.oomKill === ABSENT) {
    register.oomKill = oomKill;
    return;
  }
  const counted = oomKill - register.oomKill;
  // Both sources tell of the same kills; either may have missed some.
  const seen = Math.max(register.printed, register.marked);
  if (counted !== seen) {
    // Either may be behind the other for a moment.
    if (register.apartMs === ABSENT) register.apartMs = nowMs;
    if (nowMs - register.apartMs < BEHIND_MS) return;
    if (counted > seen) events.push({ kind: 'kernel_kills_unseen', counted, seen });
  }
  register.oomKill = oomKill;
  register.printed = 0;
  register.marked = 0;
  register.apartMs = ABSENT;
};
