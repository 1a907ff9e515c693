/** What this kernel offers: version, system calls, PSI, cgroups, MGLRU. */

import { isAtLeast, parseOsrelease } from '../proc/osrelease.ts';
import { emptyPressure, parsePressure } from '../proc/pressure.ts';
import { errnoName } from '../sys/errno.ts';
import { fatal, type Host, ok, type Probe, textOf, warn } from './host.ts';

/** What sys/libc.ts got when it tried them: 0 when they work, otherwise -errno (-38 is ENOSYS). */
export interface SyscallSupport {
  readonly pidfdOpen: number;
  readonly pidfdSendSignal: number;
  readonly processMrelease: number;
  /** kcmp(2) of oomwatchd with itself. */
  readonly kcmp: number;
}

export const probeKernel: Probe = ({ roots }) => {
  const release = textOf(`${roots.proc}/sys/kernel/osrelease`) ?? 'unknown';
  const version = parseOsrelease(release);
  if (version !== null && isAtLeast(version, 5, 10)) return [ok('kernel', release, 'tested from 5.10 to 7.2')];
  return [warn('kernel', release, 'older than any that was tested', 'use Linux 5.10 or later')];
};

export const probeSyscalls = ({ pidfdOpen, pidfdSendSignal, processMrelease, kcmp }: SyscallSupport): Probe => {
  const pidfd = pidfdOpen === 0 ? pidfdSendSignal : pidfdOpen;
  return () => [
    pidfd === 0
      ? ok('pidfd', 'works', 'a signal reaches the chosen process or nobody')
      : fatal(
          'pidfd',
          errnoName(pidfd),
          'a signal could hit another process that got the same pid',
          'use Linux 5.3 or later; if a seccomp filter is in force, allow pidfd_open and pidfd_send_signal',
        ),
    processMrelease === 0
      ? ok('process_mrelease', 'works', 'memory of a victim that cannot exit can be taken back')
      : warn(
          'process_mrelease',
          errnoName(processMrelease),
          'memory of a victim that cannot exit comes back only by the kernel',
          'use Linux 5.15 or later; if a seccomp filter is in force, allow process_mrelease',
        ),
    kcmp === 0
      ? ok('kcmp', 'works', 'processes that share their memory are known, and killed together or not at all')
      : warn(
          'kcmp',
          errnoName(kcmp),
          'processes that share their memory are not known: killing one of them alone may free nothing',
          'use a kernel with CONFIG_KCMP=y; if a seccomp filter is in force, allow kcmp',
        ),
  ];
};

export const probePressure: Probe = ({ roots }) => {
  const text = Buffer.from(`${textOf(`${roots.proc}/pressure/memory`) ?? ''}\n`, 'latin1');
  if (parsePressure('pressure/memory', text, text.length, emptyPressure()) === null) {
    return [ok('psi', 'on', 'stalls for memory are measured')];
  }
  const meaning = 'thrashing cannot be detected; only the MemAvailable and SwapFree marks lead to action';
  const remedy = 'add psi=1 to the kernel command line and reboot (needs CONFIG_PSI=y)';
  return [warn('psi', 'no /proc/pressure/memory, or switched off', meaning, remedy)];
};

const UNIFIED = 'add systemd.unified_cgroup_hierarchy=1 to the kernel command line and reboot';

export const probeCgroups: Probe = ({ cgroups }: Host) => {
  if (cgroups.mode === 'v2') return [ok('cgroup', 'v2', 'units are known, and memory can be reserved for oomwatchd')];
  if (cgroups.mode === 'none') {
    const meaning = 'systemd units are not known: policy by unit matches nothing';
    return [warn('cgroup', 'none mounted', meaning, 'mount -t cgroup2 cgroup2 /sys/fs/cgroup')];
  }
  const meaning =
    'units are known, but no memory can be reserved for oomwatchd (memory.min is v2), single cgroups are not watched, and rules for them do nothing';
  return [warn('cgroup', cgroups.mode, meaning, UNIFIED)];
};

/** Group kills are the business of cgroup v2: where its memory controller is not, the kernel has none either. */
export const probeOomGroup: Probe = ({ roots, cgroups }) => {
  const isV2 =
    cgroups.mode === 'v2' && (textOf(`${roots.cgroup}/cgroup.controllers`) ?? '').split(' ').includes('memory');
  return [
    isV2
      ? ok('oom_group', 'cgroup v2', 'memory.oom.group is honoured: such a cgroup is killed as a whole')
      : ok('oom_group', 'no memory controller on cgroup v2', 'no cgroup is killed as a whole, by the kernel neither'),
  ];
};

/** With min_ttl_ms the kernel itself kills to keep the working set of that time, whoever it hits (kernel-facts 4.13). */
export const probeMglru: Probe = ({ roots }) => {
  const directory = `${roots.sys}/kernel/mm/lru_gen`;
  const enabled = textOf(`${directory}/enabled`);
  if (enabled === null) return [ok('mglru', 'not in this kernel', 'reclaim works by active and inactive lists')];
  const ttl = textOf(`${directory}/min_ttl_ms`) ?? '0';
  if (ttl === '0' || /^0x0*$/.test(enabled)) return [ok('mglru', enabled, 'the kernel does not kill for thrashing')];
  const meaning = 'the kernel kills on its own when it thrashes, without any policy';
  return [warn('mglru', `${enabled}, min_ttl_ms ${ttl}`, meaning, `echo 0 > /sys/kernel/mm/lru_gen/min_ttl_ms`)];
};
