/** tracefs: the trace point oom:mark_victim tells also of victims that the kernel log is silent about (kernel-facts 4.1). */
import { constants } from 'node:fs';
import type { Finding } from '../../core/event.ts';
import { type Host, isAccessible, ok, warn } from './host.ts';

/** tracefs has its own mount point since 4.1, and is below debugfs on some hosts only. */
const POINTS = ['kernel/tracing', 'kernel/debug/tracing'];

export const probeTracing = ({ roots }: Pick<Host, 'roots'>, can = isAccessible): readonly Finding[] => {
  const folder = POINTS.map((point) => `${roots.sys}/${point}`).find((path) =>
    can(`${path}/instances`, constants.F_OK),
  );
  const meaning = "the kernel's own OOM victims are known from the kernel log alone, which is silent about some";
  if (folder === undefined) {
    return [warn('tracefs', 'not mounted', meaning, 'mount -t tracefs tracefs /sys/kernel/tracing')];
  }
  if (!can(`${folder}/events/oom/mark_victim`, constants.F_OK)) {
    return [ok('tracefs', 'no trace point oom:mark_victim', meaning)];
  }
  if (!can(`${folder}/instances`, constants.W_OK)) {
    const remedy = 'run as root, with /sys/kernel/tracing writable (ProtectKernelTunables=no in a unit)';
    return [warn('tracefs', 'not writable', meaning, remedy)];
  }
  return [ok('tracefs', folder, 'OOM victims are also told by a trace point, in an instance of our own')];
};
