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

const compare = (register: Register, oomKill: number, nowMs: number): void => {
  const counted = oomKill - register.oomKill;
  if (counted === register.seen) {
    register.oomKill = oomKill;
    register.seen = 0;
    register.apartMs = ABSENT;
  } else if (register.apartMs === ABSENT) {
    register.apartMs = nowMs;
    register.apartCounted = counted;
    register.apartSeen = register.seen;
  }
};

/**
 * Compares; `oomKill` is ABSENT in ticks that did not read it. Either may be behind the other for a moment, and in a burst
 * they never agree: so what had been counted by the beginning of the wait must have been told by its end.
 */
export const crossCheck = (register: Register, oomKill: number, nowMs: number, events: OomwatchdEvent[]): void => {
  if (oomKill === ABSENT) return;
  if (register.oomKill === ABSENT) register.oomKill = oomKill;
  if (register.apartMs !== ABSENT && nowMs - register.apartMs >= BEHIND_MS) {
    const { apartCounted: counted, apartSeen, seen } = register;
    if (counted > seen) {
      events.push({ kind: 'kernel_kills_unseen', counted, seen });
      register.oomKill += counted - seen;
    }
    // Told and never counted: killed before the first reading, or marked while it was exiting by itself.
    register.seen -= Math.max(0, apartSeen - (oomKill - register.oomKill));
    register.apartMs = ABSENT;
  }
  compare(register, oomKill, nowMs);
};
