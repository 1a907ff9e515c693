/** What the model is asked with, and what it answers. */

export interface KernelContext {
  /** SysRq-f, where current is a kworker; otherwise an allocation that found no memory. */
  readonly sysrq: boolean;
  /** vm.oom_kill_allocating_task is not 0. */
  readonly oomKillAllocatingTask: boolean;
  /** Slot of the process that allocates; ABSENT when it is none of the table, or nobody knows. */
  readonly currentSlot: number;
  /** oom_badness() as of 5.9, pages. */
  badness(slot: number): number;
  /** The OOM killer has killed it: TIF_MEMDIE, signal->oom_mm. */
  isVictim(slot: number): boolean;
  /** MMF_OOM_SKIP: the reaper has been through its mm, or has given it up. */
  isReaped(slot: number): boolean;
  /** Since it became a victim; asked of victims only. */
  sinceKillMs(slot: number): number;
}

export const BECAUSE = [
  'largest',
  'origin',
  'sacrificed_child',
  'allocating_task',
  'already_victim_again',
  'waits_for_victim',
  'waits_for_exiting',
  'marks_exiting',
  'no_killable',
] as const;
export type Because = (typeof BECAUSE)[number];

export interface Decision {
  /** kill: somebody new is killed; wait: for `slot`; nothing: nobody new dies; panic: "System is deadlocked on memory". */
  readonly outcome: 'kill' | 'wait' | 'nothing' | 'panic';
  /** Whom it is about, ABSENT for nobody. */
  readonly slot: number;
  readonly because: Because;
}

/** For people, behind the word "because". */
export const BECAUSE_WORDS: Readonly<Record<Because, string>> = {
  largest: 'it has the highest badness',
  origin: 'it is in swapoff or KSM unmerge, which is the first choice whatever its size',
  sacrificed_child: 'it is a child of the process with the highest badness and dies in its place',
  allocating_task: 'it allocates, and vm.oom_kill_allocating_task is 1',
  already_victim_again: 'it is selected once more although it is being killed already',
  waits_for_victim: 'it is being killed already, and nobody else is before it is gone',
  waits_for_exiting: 'it is exiting, which ends every search',
  marks_exiting: 'it is about to exit: it gets access to the reserves and is not killed',
  no_killable: 'there is no killable process',
};
