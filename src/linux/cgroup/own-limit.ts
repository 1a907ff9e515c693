/**
 * The limit of the container that this process runs in. In a pid namespace of its own nothing outside can be seen, so what
 * can be watched is the container, and what can run out is its limit: memory.max at the root of its cgroup namespace. The
 * real root of the v2 tree has no such file (mm/memcontrol.c, CFTYPE_NOT_ON_ROOT), so one that is there is a limit of ours.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { ABSENT } from '../../core/units.ts';
import type { Roots } from '../root.ts';
import { parseBytes } from './control-file.ts';

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the inode of the first pid namespace. */
export const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** KiB of memory.max where the container is what there is to watch; ABSENT on a host, and in a container without a limit. */
export const ownLimitKiB = ({ proc, cgroup }: Roots): number => {
  try {
    if (readlinkSync(`${proc}/self/ns/pid`) === FIRST_PID_NAMESPACE) return ABSENT;
    const text = readFileSync(`${cgroup}/memory.max`);
    return parseBytes(text, text.length);
  } catch {
    // No such file: a host, cgroup v1, or /sys/fs/cgroup is not mounted in the container.
    return ABSENT;
  }
};
