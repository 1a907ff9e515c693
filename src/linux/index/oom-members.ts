/**
 * The members of the cgroups that are killed as a whole: when one of them is a candidate all must be in the table, known by
 * policy, or a selection would not see who dies. A step is one cgroup or one process, so that a slice can end between any
 * two.
 */
import { FLAG } from '../../core/process-table.ts';
import type { OomGroups } from './oom-group.ts';
import type { Slots } from './slots.ts';

export interface MemberWalk {
  groups: string[];
  cgroups: string[];
  pids: number[];
  /** What may still be looked at in the present group. */
  cgroupsLeft: number;
  membersLeft: number;
  readonly isMember: Uint8Array;
}

/**
 * A group larger than this is known in part: those that are not known are not killed with it. A pod has tens of processes
 * in a few cgroups; to identify 256 takes 30 ms of a round.
 */
const CGROUPS_MAX = 64;
const MEMBERS_MAX = 256;

export const createMemberWalk = (capacity: number): MemberWalk => ({
  groups: [],
  cgroups: [],
  pids: [],
  cgroupsLeft: 0,
  membersLeft: 0,
  isMember: new Uint8Array(capacity),
});

export const beginMembers = (walk: MemberWalk, { table }: Slots): void => {
  const groups = new Set<string>();
  for (const slot of table.rows.subarray(0, table.count)) {
    if (((table.flags[slot] as number) & FLAG.ARMED) !== 0) groups.add(table.oomGroup[slot] as string);
  }
  groups.delete('');
  walk.groups = [...groups];
  walk.cgroups = [];
  walk.pids = [];
  walk.isMember.fill(0);
};

/** Who is no candidate and was not found in a group now may have left it since it was looked at. */
const forgetOthers = (walk: MemberWalk, { table }: Slots): void => {
  for (const slot of table.rows.subarray(0, table.count)) {
    const isKept = walk.isMember[slot] === 1 || ((table.flags[slot] as number) & FLAG.ARMED) !== 0;
    if (!isKept) table.oomGroup[slot] = '';
  }
};

/** `know` has a pid enrolled and identified, and gives its slot or ABSENT. False when the walk is at its end. */
export const stepMembers = (
  walk: MemberWalk,
  slots: Slots,
  oomGroups: OomGroups,
  know: (pid: number) => number,
): boolean => {
  const pid = walk.pids.pop();
  if (pid !== undefined) {
    if (walk.membersLeft-- <= 0) return true;
    const slot = know(pid);
    if (slot >= 0) walk.isMember[slot] = 1;
    return true;
  }
  const cgroup = walk.cgroups.shift();
  if (cgroup !== undefined && walk.cgroupsLeft-- > 0) {
    oomGroups.pids(cgroup, walk.pids);
    oomGroups.below(cgroup, walk.cgroups);
    return true;
  }
  const group = walk.groups.shift();
  if (group === undefined) {
    forgetOthers(walk, slots);
    return false;
  }
  walk.cgroups = [group];
  walk.cgroupsLeft = CGROUPS_MAX;
  walk.membersLeft = MEMBERS_MAX;
  return true;
};
