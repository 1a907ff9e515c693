/**
 * What differs between kernels when they choose a victim, as named switches, and which release turned which one. Left out
 * is what a process table does not show: the 3 % bonus of CAP_SYS_ADMIN (until 4.17, d46078b28889), memory policies and
 * cpusets, and exact instead of approximate counters (7.2).
 */

export interface KernelBehaviour {
  /** Every thread is judged, and TIF_MEMDIE marks one of them; otherwise the process is, by its signal_struct. */
  readonly scansThreads: boolean;
  /** oom_scan_process_thread(): PF_EXITING with an mm ends the scan. Not under SysRq. Gone with patch 2. */
  readonly abortsOnExiting: boolean;
  /** Patch 1: neither scored nor killed again, whichever of its threads has TIF_MEMDIE. */
  readonly excludesVictims: boolean;
  /** Patch 3: an origin is not the first choice once it has TIF_MEMDIE. */
  readonly sparesOriginVictim: boolean;
  /** Patch 4: nor when its oom_score_adj is -1000. */
  readonly sparesOriginUnkillable: boolean;
  /** Patch 5: one timer for all, started anew by each victim; victims are ignored once it has ended. Infinity: none. */
  readonly victimTimerMs: number;
  /** Patch 6: victims are waited for under vm.oom_kill_allocating_task = 1 too. */
  readonly waitsUnderAllocatingTask: boolean;
  /** oom_kill_process(): the child with the highest badness and an mm of its own dies in place of its parent. */
  readonly sacrificesChild: boolean;
  /** A reaped process is no candidate: oom_score_adj -1000 in 4.6, MMF_OOM_REAPED later, MMF_OOM_SKIP now. */
  readonly hidesReaped: boolean;
  /** After which the reaper has given up on a victim, as on a reaped one. Of the first: it takes them one by one. */
  readonly reaperEndsMs: number;
  /** A reaped process is not known as a victim any more: as an origin it is the first choice once more. */
  readonly forgetsReaped: boolean;
  /** Whom task_will_free_mem() asks: the thread, its whole process, or all processes that share the mm. */
  readonly asksAboutExit: 'thread' | 'process' | 'sharers';
  /** in_vfork(): a child that still runs on its parent's mm is no candidate. */
  readonly skipsVfork: boolean;
  /** Badness of a candidate is no less than this. */
  readonly leastPoints: number;
  /** Who is taken of equals, by their place in the task list. */
  readonly tieTo: 'earlier' | 'later';
}

/** 4.5, in which the series was written; 4.4 chooses alike. */
export const LINUX_4_5: KernelBehaviour = {
  scansThreads: true,
  abortsOnExiting: true,
  excludesVictims: false,
  sparesOriginVictim: false,
  sparesOriginUnkillable: false,
  victimTimerMs: Number.POSITIVE_INFINITY,
  waitsUnderAllocatingTask: false,
  sacrificesChild: true,
  hidesReaped: false,
  reaperEndsMs: Number.POSITIVE_INFINITY,
  forgetsReaped: false,
  asksAboutExit: 'thread',
  skipsVfork: false,
  leastPoints: 1,
  tieTo: 'earlier',
};

export type PatchNumber = 1 | 2 | 3 | 4 | 5 | 6;

/** What each patch of the series turns. */
export const PATCHED: Readonly<Record<PatchNumber, Partial<KernelBehaviour>>> = {
  1: { excludesVictims: true },
  2: { abortsOnExiting: false },
  3: { sparesOriginVictim: true },
  4: { sparesOriginUnkillable: true },
  5: { victimTimerMs: 5000 },
  6: { waitsUnderAllocatingTask: true },
};

export interface Change {
  /** The first release that has it, as "major.minor". */
  readonly since: string;
  /** The commit with its title, and what it did. */
  readonly source: string;
  readonly sets: Partial<KernelBehaviour>;
}

/** Oldest first. Patches 1, 3, 4, 5 and 6 were never merged: none of these entries turns their switches. */
export const HISTORY: readonly Change[] = [
  {
    since: '4.6',
    source: "6a618957ad17 mm: oom_kill: don't ignore oom score on exiting tasks (patch 2, by another author)",
    sets: { abortsOnExiting: false },
  },
  {
    since: '4.6',
    source: 'aac453635549 mm, oom: introduce oom reaper; 36324a990cf5 clears TIF_MEMDIE of whom it has reaped',
    sets: { hidesReaped: true, forgetsReaped: true },
  },
  {
    since: '4.7',
    source: 'f44666b04605 mm,oom: speed up select_bad_process() loop: for_each_process()',
    sets: { scansThreads: false },
  },
  {
    since: '4.7',
    source: '449d777d7ad6 mm, oom_reaper: clear TIF_MEMDIE for all tasks queued for oom_reaper: 10 tries, 0.1 s apart',
    sets: { reaperEndsMs: 1000 },
  },
  {
    since: '4.7',
    source: '98748bd72200 oom: consider multi-threaded tasks in task_will_free_mem',
    sets: { asksAboutExit: 'process' },
  },
  {
    since: '4.8',
    source: '1af8bb432695 mm, oom: fortify task_will_free_mem()',
    sets: { asksAboutExit: 'sharers' },
  },
  { since: '4.8', source: 'b18dc5f291c0 mm, oom: skip vforked tasks from being selected', sets: { skipsVfork: true } },
  {
    since: '4.9',
    source: '26db62f179d1 oom: keep mm of the killed task available: signal->oom_mm tells a victim for good',
    sets: { forgetsReaped: false },
  },
  {
    since: '5.1',
    source: "bbbe48029720 mm, oom: remove 'prefer children over parent' heuristic",
    sets: { sacrificesChild: false },
  },
  {
    since: '5.3',
    source: 'mm: memcontrol: use CSS_TASK_ITER_PROCS at mem_cgroup_scan_tasks() (June 2019): no leaders preferred',
    sets: { tieTo: 'later' },
  },
  {
    since: '5.9',
    source: '9066e5cfb73c mm, oom: make the calculation of oom badness more accurate: LONG_MIN is not eligible',
    sets: { leastPoints: Number.NEGATIVE_INFINITY },
  },
  {
    since: '5.10',
    source: 'e4a38402c36e oom_kill.c: futex: delay the OOM reaper, by 2 s (5.18, stable 5.10.113)',
    sets: { reaperEndsMs: 3000 },
  },
];
