/**
 * Thaws the frozen cgroups that hold a thread: of the v1 freezer by freezer.state (Documentation/admin-guide/cgroup-v1/
 * freezer-subsystem.rst), of v2 by cgroup.freeze (cgroup-v2.rst). Both take cgroup_mutex and may wait for it. A cgroup is
 * frozen for itself or by one above: each of its own line that is frozen for itself is thawed, from the top, no other.
 */
import { join } from 'node:path';
import type { Remedy } from '../../core/remedy.ts';
import { freezerPathOf, isCgroupPath, unifiedPathOf, withParents } from '../proc/cgroup-path.ts';
import { cgroupPoints } from '../victims/held-up-by.ts';
import { type Attempt, changed, lineOf, type Means, refused, textOf, writeTo } from './attempt.ts';

interface Freezer {
  readonly pathOf: (cgroup: string) => string;
  readonly point: 'freezer' | 'unified';
  /** The file that says "1" while this cgroup is frozen for itself, and the one that is written. */
  readonly own: string;
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
}

const FREEZERS: Readonly<Record<'thaw_freezer_v1' | 'thaw_freezer_v2', Freezer>> = {
  thaw_freezer_v1: {
    ...{ pathOf: freezerPathOf, point: 'freezer', own: 'freezer.self_freezing' },
    ...{ file: 'freezer.state', frozen: 'FROZEN', thawed: 'THAWED' },
  },
  thaw_freezer_v2: {
    ...{ pathOf: unifiedPathOf, point: 'unified', own: 'cgroup.freeze' },
    ...{ file: 'cgroup.freeze', frozen: '1', thawed: '0' },
  },
};

export const thawFreezer = async (
  { kind, object, pid, tid, dryRun }: Remedy & { readonly kind: keyof typeof FREEZERS },
  { roots }: Means,
): Promise<Attempt> => {
  const freezer = FREEZERS[kind];
  const path = freezer.pathOf((await textOf(`${roots.proc}/${pid}/task/${tid}/cgroup`)) ?? '');
  if (path !== object || !isCgroupPath(path)) return changed('the thread is not in this cgroup any more');
  const points = await cgroupPoints({ roots, read: textOf });
  const thawed: string[] = [];
  for (const each of withParents(path).reverse()) {
    const folder = join(points[freezer.point], each);
    if ((await lineOf(join(folder, freezer.own))) !== '1') continue;
    const errno = await writeTo(join(folder, freezer.file), freezer.thawed, dryRun);
    if (errno !== 0) return refused(errno, freezer.frozen, join(folder, freezer.file));
    thawed.push(each);
  }
  if (thawed.length === 0) return changed('no cgroup on its path is frozen any more');
  const result = dryRun ? 'observed' : 'done';
  return { result, errno: 0, oldValue: freezer.frozen, newValue: freezer.thawed, detail: thawed.join(', ') };
};
