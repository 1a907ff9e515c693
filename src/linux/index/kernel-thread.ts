/** Kernel threads: nothing that a signal could end, and no memory of their own. */
import { ABSENT } from '../../core/units.ts';
import type { PidStatus } from '../proc/pid-status.ts';

const KTHREADD = 2;

/**
 * Kernels since 6.11 say it in status. Before: pid 2 or a child of it, without memory; the kernel's user mode helpers (a
 * core dump handler, modprobe) are its children too, and a pid namespace may have anything as pid 2.
 */
export const isKernelThread = (pid: number, status: PidStatus): boolean => {
  if (status.kthread !== ABSENT) return status.kthread === 1;
  return status.vmRssKiB === ABSENT && (pid === KTHREADD || status.ppid === KTHREADD);
};
