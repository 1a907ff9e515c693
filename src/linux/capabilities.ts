/**
 * Everything that oomwatchd needs of a host, looked at once: the table of `doctor`, and what is told at start. The order is
 * that of the table.
 */
import type { Finding } from '../core/event.ts';
import type { Policy } from '../core/policy.ts';
import { MYSELF, type Probe, readHost, type Subject } from './probe/host.ts';
import {
  probeCgroups,
  probeKernel,
  probeMglru,
  probeOomGroup,
  probePressure,
  probeSyscalls,
  type SyscallSupport,
} from './probe/kernel.ts';
import { probeLimits, probeOwnCgroup, probeSwap } from './probe/own-memory.ts';
import { probeCapabilities, probeOwnAdj, probeUserNamespace } from './probe/privilege.ts';
import { probeRemedies } from './probe/remedies.ts';
import { probeRivals } from './probe/rivals.ts';
import { probeKmsg, probeSysctls, probeSysrq } from './probe/sysctl.ts';
import { probeTracing } from './probe/tracing.ts';
import { probeCgroupNamespace, probeHidepid, probePidNamespace, probeProcMounts } from './probe/visibility.ts';
import { probeWatchdog } from './probe/watchdog.ts';
import type { Roots } from './root.ts';

const PROBES: readonly Probe[] = [
  probeKernel,
  probePressure,
  probeCgroups,
  probeOomGroup,
  probePidNamespace,
  probeUserNamespace,
  probeCgroupNamespace,
  probeHidepid,
  probeProcMounts,
  probeCapabilities,
  probeOwnAdj,
  probeLimits,
  probeOwnCgroup,
  probeSwap,
  probeSysctls,
  probeMglru,
  probeSysrq,
  probeKmsg,
  probeTracing,
  probeRivals,
];

/** What policy turns on, remedies and the watchdog device: whether it could be done. */
export const probeOf = (roots: Roots, { remedies, act }: Pick<Policy, 'remedies' | 'act'>): readonly Finding[] => [
  ...probeRemedies(remedies, readHost(roots, MYSELF)),
  ...probeWatchdog(act),
];

/** Never throws for what a host lacks: that is a finding. `subject`: whose memory is to be protected. */
export const probe = (roots: Roots, syscalls: SyscallSupport, subject: Subject = MYSELF): readonly Finding[] => {
  const host = readHost(roots, subject);
  return [probeSyscalls(syscalls), ...PROBES].flatMap((each) => each(host));
};
