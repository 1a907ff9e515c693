/** A remedy for what blocks, instead of one more victim: what the core wants done, and what came of it. */

/**
 * Frozen cgroups and file systems are thawed, a FUSE connection is aborted, memory.high of a throttled cgroup is raised,
 * and put back when the cgroup is below it again.
 */
export const REMEDY_KINDS = [
  'thaw_freezer_v1',
  'thaw_freezer_v2',
  'thaw_file_system',
  'abort_fuse',
  'lift_memory_high',
  'restore_memory_high',
] as const;
export type RemedyKind = (typeof REMEDY_KINDS)[number];

/** Done by linux/remedies off the loop: each of these writes may wait for a lock for ever (kernel-facts 4.4, 5). */
export interface Remedy {
  /** Tells its result from those of others. */
  readonly serial: number;
  readonly kind: RemedyKind;
  /** As of Blocker, or the path of the cgroup whose memory.high it is. */
  readonly object: string;
  readonly place: string;
  /** The victim and its thread that waits: proof that the object is still the one; ABSENT for memory.high. */
  readonly pid: number;
  readonly tid: number;
  /** memory.high now and then, KiB: another value means that somebody else has changed it. ABSENT for the other kinds. */
  readonly fromKiB: number;
  readonly toKiB: number;
  /** Only while memory.current is at or below this, KiB; ABSENT: whatever it is. */
  readonly belowKiB: number;
  /** Everything but the last system call. */
  readonly dryRun: boolean;
}

/**
 * done: written. observed: a dry run, all but the write. changed: the object is not what it was, so nothing was touched.
 * not_yet: memory.current
 * is above what the remedy asks for. refused: the kernel said no, see errno. hung: it has not returned within its limit; what it comes to is told later.
 */
export const REMEDY_RESULTS = ['done', 'observed', 'changed', 'not_yet', 'refused', 'hung'] as const;
export type RemedyResult = (typeof REMEDY_RESULTS)[number];

export interface Remedied {
  readonly serial: number;
  readonly result: RemedyResult;
  /** 0 or the errno. */
  readonly errno: number;
  /** As the kernel's files have it: "FROZEN", "20971520"; "" where there is none. */
  readonly oldValue: string;
  readonly newValue: string;
  /** Which files were written, or why none was. */
  readonly detail: string;
}

/** What it brought: the victim is gone, or is not within the time that a death takes; the cgroup moves again, or not. */
export const REMEDY_EFFECTS = ['victim_gone', 'victim_stays', 'stall_over', 'stall_goes_on'] as const;
export type RemedyEffect = (typeof REMEDY_EFFECTS)[number];

/** withheld: it was due and the host has no memory to spare for it. */
export const REMEDY_STAGES = ['before', 'after', 'effect', 'withheld'] as const;
export type RemedyStage = (typeof REMEDY_STAGES)[number];

/** Something of others is changed, so that a victim can go or a cgroup can move: before, after, and what it brought. */
export interface RemedyEvent {
  kind: 'remedy';
  stage: RemedyStage;
  remedy: RemedyKind;
  object: string;
  place: string;
  /** The victim that it is for, ABSENT and "" for memory.high. */
  pid: number;
  comm: string;
  oldValue: string;
  newValue: string;
  /** null before. */
  result: RemedyResult | null;
  errno: number;
  effect: RemedyEffect | null;
  /** Since it was begun. */
  afterMs: number;
  detail: string;
}
