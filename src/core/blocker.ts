/** The very object that a stuck thread waits for, where the examination could tell: what a remedy is for. */

/**
 * freezer_v1, freezer_v2: frozen cgroups that hold it. fuse: a FUSE connection whose server does not answer. file_system:
 * one that is frozen (fsfreeze(8)).
 */
export const BLOCKER_KINDS = ['freezer_v1', 'freezer_v2', 'fuse', 'file_system'] as const;
export type BlockerKind = (typeof BLOCKER_KINDS)[number];

export interface Blocker {
  readonly kind: BlockerKind;
  /** The path of the cgroup below its mount; the number of the connection; "major:minor" of the file system. */
  readonly object: string;
  /** Where it is mounted, as the thread sees it; "" for a cgroup. Users choose it: for people, never for an action. */
  readonly place: string;
  /** The thread that waits for it. */
  readonly tid: number;
}
