/**
 * When a press of SysRq-f can do something: no sooner than the kernel can choose somebody new. The kernel exempts victims from its scan only once their mm is given up on, 2 s plus 10 tries after the kill; until then a press is
 * swallowed or kills the same process again (patch 1, kernel-facts 1.1). A swapoff that was killed and does not die is
 * chosen for ever (patch 3).
 */
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import { isDying, type Register } from './register.ts';

/** OOM_REAPER_DELAY of 2 s, 10 tries 0.1 s apart, and as much again for a late reaper (kernel-facts 0.7). */
export const SYSRQ_SPACING_MS = 4000;

/** Why a press now would achieve nothing; "" when it may be pressed. */
export const pressWouldFail = (register: Register, table: ProcessTable, nowMs: number): string => {
  const { atMs } = register.press;
  if (atMs !== ABSENT && nowMs - atMs < SYSRQ_SPACING_MS) {
    return `it was pressed ${Math.round(nowMs - atMs)} ms ago: the kernel would choose the same process again before ${SYSRQ_SPACING_MS} ms`;
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
