/**
 * SysRq-f done right: pressed no sooner than the kernel can choose somebody new, and verified by its effect. The kernel
 * exempts victims from its scan only once their mm is given up on, 2 s plus 10 tries after the kill; until then a press is
 * swallowed or kills the same process again (patch 1, kernel-facts 1.1). A swapoff that was killed and does not die is
 * chosen for ever (patch 3).
 */
import type { OomwatchdEvent } from '../event.ts';
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import { isDying, type Register } from './register.ts';

/** OOM_REAPER_DELAY of 2 s, 10 tries 0.1 s apart, and as much again for a late reaper (kernel-facts 0.7). */
export const SYSRQ_SPACING_MS = 4000;

/** Why a press now would achieve nothing; "" when it may be pressed. */
export const pressWouldFail = (register: Register, table: ProcessTable, nowMs: number): string => {
  if (register.pressedMs !== ABSENT && nowMs - register.pressedMs < SYSRQ_SPACING_MS) {
    return `it was pressed ${Math.round(nowMs - register.pressedMs)} ms ago: the kernel would choose the same process again before ${SYSRQ_SPACING_MS} ms`;
  }
  for (const { pid, sinceMs, life } of register.dying) {
    if (life === 'reaped' || nowMs - sinceMs >= SYSRQ_SPACING_MS) continue;
    return `process ${pid} was killed ${Math.round(nowMs - sinceMs)} ms ago: the kernel would choose it again`;
  }
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const pid = table.pid[slot] as number;
    const flags = table.flags[slot] as number;
    if ((flags & FLAG.ORIGIN) === 0) continue;
    // Also whoever was killed by somebody else while nothing was short.
    if ((flags & FLAG.SIGKILL_PENDING) === 0 && !isDying(register, slot, pid)) continue;
    return `process ${pid} in swapoff or KSM unmerge cannot die: the kernel would choose it for ever (patch 3)`;
  }
  return '';
};

export const notePress = (register: Register, oomKill: number, nowMs: number): void => {
  register.pressedMs = nowMs;
  register.pressedOomKill = oomKill;
  register.isPressOpen = true;
};

/** Did the press do anything? Judged by the kernel's records and by vmstat's oom_kill. */
export const followPress = (register: Register, oomKill: number, nowMs: number, events: OomwatchdEvent[]): void => {
  if (!register.isPressOpen) return;
  const isCounted = oomKill !== ABSENT && register.pressedOomKill !== ABSENT && oomKill > register.pressedOomKill;
  const isTold = register.kernelKills.some(({ atMs, isTold: told }) => told && atMs >= register.pressedMs);
  if (isCounted || isTold) {
    register.isPressOpen = false;
    return;
  }
  if (nowMs - register.pressedMs < SYSRQ_SPACING_MS) return;
  register.isPressOpen = false;
  const text = `pressed ${SYSRQ_SPACING_MS} ms ago and nothing was killed: swallowed, nobody eligible, or the kernel has no worker free to carry it out`;
  events.push({ kind: 'kernel_note', note: 'sysrq_ignored', text });
};
