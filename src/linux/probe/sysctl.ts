/** Settings of the kernel that change what an OOM situation looks like (kernel-facts 4.13, 4.14). */
import { closeSync, constants, openSync } from 'node:fs';
import type { Finding } from '../../core/event.ts';
import { CAPABILITY, hasCapability, ok, type Probe, textOf, warn } from './host.ts';

interface Setting {
  readonly name: string;
  readonly isFine: (value: string) => boolean;
  readonly fine: string;
  readonly meaning: string;
  readonly wanted: string;
}

const SETTINGS: readonly Setting[] = [
  {
    name: 'vm.oom_kill_allocating_task',
    isFine: (value) => value === '0',
    fine: 'the kernel chooses by badness',
    // 8 kills in 0.6 s where one was enough: kernel-facts 1.6.
    meaning:
      'the kernel kills whoever happens to allocate, in bursts: it does not wait for the memory of earlier victims',
    wanted: '0',
  },
  {
    name: 'vm.panic_on_oom',
    isFine: (value) => value === '0',
    fine: 'the kernel kills when we are too late',
    meaning: 'the host panics when we are too late',
    wanted: '0',
  },
  {
    name: 'vm.overcommit_memory',
    isFine: (value) => value !== '2',
    fine: 'memory runs out when it is used, which is what is watched',
    meaning: 'allocations fail at CommitLimit, often with memory still available: the marks may never be reached',
    wanted: '0',
  },
  {
    name: 'vm.swappiness',
    isFine: () => true,
    fine: 'how readily anonymous memory is swapped instead of dropping file cache',
    meaning: '',
    wanted: '60',
  },
];

export const probeSysctls: Probe = ({ roots }) =>
  SETTINGS.map(({ name, isFine, fine, meaning, wanted }): Finding => {
    const value = textOf(`${roots.proc}/sys/${name.replaceAll('.', '/')}`);
    const id = name.slice(name.indexOf('.') + 1);
    if (value === null) return ok(id, 'unknown', `${name} cannot be read`);
    return isFine(value) ? ok(id, value, fine) : warn(id, value, meaning, `sysctl -w ${name}=${wanted}`);
  });

/** Opening proves the permission, and does nothing by itself. */
const canOpen = (path: string, flags: number): boolean => {
  try {
    closeSync(openSync(path, flags | constants.O_NONBLOCK));
    return true;
  } catch {
    // Absent, forbidden or read-only: in each case it is not there for us.
    return false;
  }
};

/** The mask in kernel.sysrq is for the keyboard: writes by root to the trigger file ignore it. */
export const probeSysrq: Probe = ({ roots }) => {
  const mask = textOf(`${roots.proc}/sys/kernel/sysrq`) ?? 'unknown';
  if (canOpen(`${roots.proc}/sysrq-trigger`, constants.O_WRONLY)) {
    return [ok('sysrq', `writable, mask ${mask}`, "the kernel's own OOM killer can be called as a last resort")];
  }
  const meaning = "the kernel's own OOM killer cannot be called as a last resort";
  return [
    warn(
      'sysrq',
      '/proc/sysrq-trigger is missing or not writable',
      meaning,
      'needs CONFIG_MAGIC_SYSRQ and a writable /proc',
    ),
  ];
};

export const probeKmsg: Probe = (host) => {
  const isRestricted = textOf(`${host.roots.proc}/sys/kernel/dmesg_restrict`) === '1';
  const isReadable =
    canOpen(host.roots.kmsg, constants.O_RDONLY) && (!isRestricted || hasCapability(host, CAPABILITY.SYSLOG));
  const isWritable = canOpen(host.roots.kmsg, constants.O_WRONLY);
  return [
    isWritable
      ? ok('kmsg_write', host.roots.kmsg, 'kills are told to the kernel log, which outlives disks')
      : warn(
          'kmsg_write',
          'not writable',
          'kills are not told to the kernel log',
          'run as root, with /dev/kmsg in the container',
        ),
    isReadable
      ? ok('kmsg_read', host.roots.kmsg, "the kernel's own OOM kills can be seen")
      : warn(
          'kmsg_read',
          'not readable',
          "the kernel's own OOM kills are not seen",
          'grant CAP_SYSLOG, or: sysctl -w kernel.dmesg_restrict=0',
        ),
  ];
};
