/**
 * How the host mounts its cgroups, from its mounts. systemd's three layouts (systemd.io/CGROUP_DELEGATION, "Three
 * Different Tree Setups"), by the file system at /sys/fs/cgroup:
 *
 *     v2      cgroup2 itself; v1 hierarchies somewhere else do not matter
 *     hybrid  tmpfs with v1 hierarchies, and cgroup2 without controllers in .../unified
 *     v1      tmpfs with v1 hierarchies only
 */
import { type Mount, mountAt } from './mountinfo.ts';

export type CgroupMode = 'v2' | 'hybrid' | 'v1' | 'none';

const CGROUP_POINT = '/sys/fs/cgroup';

/** The layout, and where cgroup2 is mounted ("" where it is not). */
export interface CgroupLayout {
  readonly mode: CgroupMode;
  readonly v2Point: string;
}

export const cgroupLayoutOf = (mounts: readonly Mount[]): CgroupLayout => {
  if (mountAt(mounts, CGROUP_POINT)?.type === 'cgroup2') return { mode: 'v2', v2Point: CGROUP_POINT };
  const v2Point = mounts.findLast((mount) => mount.type === 'cgroup2')?.point ?? '';
  const hasV1 = mounts.some((mount) => mount.type === 'cgroup');
  if (hasV1) return { mode: v2Point === '' ? 'v1' : 'hybrid', v2Point };
  return { mode: v2Point === '' ? 'none' : 'v2', v2Point };
};

/** Where the whole hierarchy of a v1 controller is mounted, "" where it is not. */
export const v1PointOf = (mounts: readonly Mount[], controller: string): string =>
  mounts.findLast(({ type, root, options }) => type === 'cgroup' && root === '/' && options.includes(controller))
    ?.point ?? '';

export const freezerPointOf = (mounts: readonly Mount[]): string => v1PointOf(mounts, 'freezer');
