/**
 * Why a victim does not go, and what an operator can do about it: one table, which README.md repeats. A remedy ends what the
 * thread waits for; SIGKILL has been sent already and changes nothing.
 */
import type { StuckReason } from '../core/dying.ts';

interface StuckWords {
  /** Follows "stuck: ". */
  readonly cause: string;
  /** Commands; what stands in capitals is in the detail of the event. */
  readonly remedy: string;
}

/**
 * The command for one victim: what it waits for behind its lock or its dump, where the examination has named that object,
 * else that of the reason.
 */
export const remedyFor = (reason: StuckReason, detail: string): string => {
  const connection = /fuse connection (\d+)/i.exec(detail)?.[1];
  if (connection !== undefined) return `echo 1 > /sys/fs/fuse/connections/${connection}/abort`;
  const isBehindFreeze = /percpu_rwsem|sb_start_write|freeze_super/.test(detail);
  return STUCK_WORDS[isBehindFreeze && reason !== 'device' ? 'fsfreeze' : reason].remedy;
};

export const STUCK_WORDS: Readonly<Record<StuckReason, StuckWords>> = {
  frozen_v1: {
    cause: 'its cgroup v1 freezer is frozen',
    remedy: 'echo THAWED > /sys/fs/cgroup/freezer/GROUP/freezer.state',
  },
  fsfreeze: {
    cause: 'it waits for a frozen file system',
    remedy: 'fsfreeze -u MOUNTPOINT; for all of them: echo j > /proc/sysrq-trigger',
  },
  fuse: {
    cause: 'it waits for a FUSE server that does not answer',
    remedy: 'echo 1 > /sys/fs/fuse/connections/N/abort',
  },
  nfs: {
    cause: 'it waits for an NFS server that does not answer',
    remedy: 'umount -f MOUNTPOINT',
  },
  device: {
    cause: 'it waits for a block device that does not answer',
    remedy: 'dmsetup resume NAME; for multipath without paths: dmsetup message NAME 0 fail_if_no_path',
  },
  core_dump: {
    cause: 'its core is being dumped',
    remedy: 'kill -9 PID ends most dumps; LimitCORE=0 in its unit prevents them',
  },
  mmap_lock: {
    cause: 'a thread of it holds mmap_lock for write and is stuck itself',
    remedy: 'echo w > /proc/sysrq-trigger tells in dmesg what that thread waits for: release that',
  },
  sharer_alive: {
    cause: 'a process that lives on shares its memory',
    remedy: 'kill -9 SHARER',
  },
  traced: {
    cause: 'a debugger holds it',
    remedy: 'detach in gdb, or kill -9 TRACER',
  },
  unknown: {
    cause: 'nothing in /proc says why',
    remedy: 'echo w > /proc/sysrq-trigger tells in dmesg what its threads wait for',
  },
};
