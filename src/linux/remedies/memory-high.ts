/**
 * Writes memory.high of a cgroup (Documentation/admin-guide/cgroup-v2.rst), bytes or "max". Only while it has the value
 * that the decision saw: whoever has changed it since knows more. Raising it wakes nobody: a throttled task looks again
 * after 2 s at the most (mm/memcontrol.c, MEMCG_MAX_HIGH_DELAY_JIFFIES).
 */
import { join } from 'node:path';
import type { Remedy } from '../../core/remedy.ts';
import { ABSENT } from '../../core/units.ts';
import { isCgroupPath } from '../proc/cgroup-path.ts';
import { cgroupPoints } from '../victims/held-up-by.ts';
import { type Attempt, changed, lineOf, type Means, textOf, writeTo, written } from './attempt.ts';

const BYTES = 1024;

export const setMemoryHigh = async (
  { object, fromKiB, toKiB, belowKiB, dryRun }: Remedy,
  { roots }: Means,
): Promise<Attempt> => {
  if (!isCgroupPath(object)) return changed('not the path of a cgroup');
  const { unified } = await cgroupPoints({ roots, read: textOf });
  const folder = join(unified, object);
  const path = join(folder, 'memory.high');
  const oldValue = await lineOf(path);
  if (oldValue === null) return changed('the cgroup has gone');
  if (oldValue !== String(fromKiB * BYTES)) return changed(`memory.high is ${oldValue} by now`);
  if (belowKiB !== ABSENT) {
    const current = await lineOf(join(folder, 'memory.current'));
    if (current === null || Number(current) > belowKiB * BYTES) {
      return { ...changed(`memory.current is ${current ?? 'not there'}`), result: 'not_yet', oldValue };
    }
  }
  const newValue = String(toKiB * BYTES);
  return written(await writeTo(path, newValue, dryRun), dryRun, { oldValue, newValue }, path);
};
