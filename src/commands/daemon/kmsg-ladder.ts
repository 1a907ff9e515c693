/** Lines for the kernel log about the upper rungs of the ladder. */
import type { SysrqOutcome } from '../../core/ladder-event.ts';
import { type EventOf, printable } from './kmsg-text.ts';

/** Not what a dry run would do, nor the beginning of what is told when it is known. */
const SYSRQ_TOLD: readonly SysrqOutcome[] = ['pressed', 'failed', 'executed', 'accepted_but_not_executed'];

export const sysrqLine = ({ outcome, pid, comm, steered, afterMs, detail }: EventOf<'sysrq'>): string | null => {
  if (!SYSRQ_TOLD.includes(outcome)) return null;
  const whom = pid > 0 ? ` process ${pid} (${printable(comm)})` : '';
  return `SysRq-f ${outcome}${whom} after ${Math.round(afterMs)} ms steered:${steered} ${printable(detail)}`.trimEnd();
};

export const evidenceLine = ({ keys, stalledMs, memory, sent }: EventOf<'evidence'>): string =>
  `standstill since ${Math.round(stalledMs / 1000)} s: ${sent ? 'pressing' : 'would press'} SysRq ${printable(keys)} ` +
  `mem_total:${memory.memTotalKiB}kB mem_available:${memory.memAvailableKiB}kB mem_free:${memory.memFreeKiB}kB ` +
  `swap_total:${memory.swapTotalKiB}kB swap_free:${memory.swapFreeKiB}kB`;

export const lastResortLine = ({ action, stalledMs, sent, errno }: EventOf<'last_resort'>): string =>
  `standstill since ${Math.round(stalledMs / 1000)} s: last resort ${action} ` +
  (errno === 0 ? (sent ? 'begun' : 'left out (observe mode)') : `failed (errno ${errno})`);

/** What resets the host, or does not after all, is the last that a console shows. */
export const watchdogLine = ({ state, device, timeoutMs, errno }: EventOf<'watchdog_device'>): string =>
  `watchdog device ${printable(device)} ${state} timeout:${Math.round(timeoutMs / 1000)} s errno:${errno}`;
