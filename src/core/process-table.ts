/**
 * The process table: one row a process, struct of arrays, columns named as in /proc. linux/ fills it, core/select reads
 * it. Rows are slots that stay with their process for its life, so descriptors can be kept beside them.
 */
import type { Sample } from './sample.ts';
import { ABSENT } from './units.ts';

/** Bits of the `flags` column. */
export const FLAG = {
  /** Kernel thread: pid 2 or a child of it (kthreadd); never has memory of its own. */
  KTHREAD: 1 << 0,
  /** pid 1 of our pid namespace. */
  INIT: 1 << 1,
  /** This process or one of its own children (report, config loader). */
  SELF: 1 << 2,
  /** A parent, grandparent ... of this process: the session of whoever runs the tool. */
  ANCESTOR: 1 << 3,
  /** The leader is a zombie but other threads live and hold the memory (kernel-facts 0.1). */
  ZOMBIE_LEADER: 1 << 4,
  /** ShdPnd has SIGKILL: somebody has killed it already (kernel-facts 0.2). */
  SIGKILL_PENDING: 1 << 5,
  /** Reading answered ESRCH: the process is reaped. */
  GONE: 1 << 6,
  /** Descriptors and a pidfd are held, memory columns are exact; otherwise only oom_score is known. */
  ARMED: 1 << 7,
  /** comm, uid, exe and cgroup have been read. */
  IDENTIFIED: 1 << 8,
  /** exe is the very file at that path of this host, not a namesake in a container. */
  EXE_VERIFIED: 1 << 9,
  /** No thread has an mm: a plain zombie. */
  NO_MM: 1 << 10,
  /** In exit (PF_EXITING in stat) with its memory still attached; as of the last look, which is off the loop. */
  EXITING: 1 << 11,
  /** oom_task_origin(): in swapoff(2) or in a KSM unmerge (mm/swapfile.c, mm/ksm.c). */
  ORIGIN: 1 << 12,
  /** status says CoreDumping: 1. */
  CORE_DUMPING: 1 << 13,
  /** Whether it shares its mm has been asked for (kcmp); until then it may share one with any process like it. */
  MM_CHECKED: 1 << 14,
} as const;

export interface ProcessTable {
  readonly capacity: number;
  /** RAM + swap in pages: totalpages of oom_badness() for a global OOM (mm/oom_kill.c, constrained_alloc). */
  totalPages: number;
  /** What oom_score is a share of: RAM + swap of the host, also within a container's limit. 0: the same as totalPages. */
  scorePages: number;
  pageKiB: number;
  /** The rows in use; only the first `count` entries count. */
  readonly rows: Int32Array;
  count: number;
  /** How many processes have become known so far. */
  arrivals: number;
  readonly pid: Int32Array;
  readonly ppid: Int32Array;
  /** setsid(2): children have that of their parent, who was only adopted has another. ABSENT until identified. */
  readonly session: Int32Array;
  /** Which of the `arrivals` it was: who came later is younger, also where pids have begun anew (kernel.pid_max). */
  readonly arrival: Float64Array;
  /** Field 22 of stat, clock ticks since boot; ABSENT until the deferred read has answered. */
  readonly startTimeTicks: Float64Array;
  readonly uid: Float64Array;
  /** VmRSS, RssAnon, VmSwap and VmPTE of status; ABSENT when not ARMED. */
  readonly rssKiB: Float64Array;
  readonly rssAnonKiB: Float64Array;
  readonly swapKiB: Float64Array;
  readonly pageTablesKiB: Float64Array;
  readonly oomScoreAdj: Int32Array;
  readonly oomScore: Int32Array;
  readonly threads: Int32Array;
  /** Its size as of the last calm round of the index, KiB; ABSENT of who has come since. */
  readonly calmKiB: Int32Array;
  readonly flags: Int32Array;
  /** comm as the kernel gives it, at most 15 bytes, any byte but NUL; decoded as latin1 so that nothing is lost. */
  readonly comm: string[];
  readonly exe: string[];
  /** cgroup v2 path, or the v1 path of the systemd hierarchy. */
  readonly cgroup: string[];
  /** systemd unit derived from the path, "" when none. */
  readonly unit: string[];
  /**
   * Equal for processes that share one mm and for few others: VmExe and VmLib of status, in one number. Which of them do
   * share one is for kcmp(2) to say (kernel-facts 3.4). ABSENT without an mm.
   */
  readonly mmKey: Float64Array;
  /** The same number for all processes known to share one mm: the slot of one of them. ABSENT: shares with nobody known. */
  readonly mmGroup: Int32Array;
  /**
   * The cgroup that is killed as a whole with it, "" when none: the highest at or above its own with memory.oom.group = 1 (the
   * root cannot have it), or what act.scope takes.
   */
  readonly oomGroup: string[];
  /** Filled by core/select when identity or adj change: index into policy rules of the first protecting rule or ABSENT. */
  readonly protectRule: Int32Array;
  /** Index of the first `only` rule that matches, ABSENT when none does. */
  readonly onlyRule: Int32Array;
  /** Sum of points of the prefer and avoid rules that match, thousandths of totalPages. */
  readonly policyPoints: Int32Array;
}

export const createProcessTable = (capacity: number): ProcessTable => ({
  capacity,
  totalPages: 0,
  scorePages: 0,
  pageKiB: 4,
  rows: new Int32Array(capacity),
  count: 0,
  arrivals: 0,
  pid: new Int32Array(capacity),
  ppid: new Int32Array(capacity),
  session: new Int32Array(capacity),
  arrival: new Float64Array(capacity),
  startTimeTicks: new Float64Array(capacity),
  uid: new Float64Array(capacity),
  rssKiB: new Float64Array(capacity),
  rssAnonKiB: new Float64Array(capacity),
  swapKiB: new Float64Array(capacity),
  pageTablesKiB: new Float64Array(capacity),
  oomScoreAdj: new Int32Array(capacity),
  oomScore: new Int32Array(capacity),
  threads: new Int32Array(capacity),
  calmKiB: new Int32Array(capacity),
  flags: new Int32Array(capacity),
  comm: new Array<string>(capacity).fill(''),
  exe: new Array<string>(capacity).fill(''),
  cgroup: new Array<string>(capacity).fill(''),
  unit: new Array<string>(capacity).fill(''),
  mmKey: new Float64Array(capacity),
  mmGroup: new Int32Array(capacity),
  oomGroup: new Array<string>(capacity).fill(''),
  protectRule: new Int32Array(capacity),
  onlyRule: new Int32Array(capacity),
  policyPoints: new Int32Array(capacity),
});

/** What badness and oom_score are shares of, as of `sample`. */
export const noteTotals = (table: ProcessTable, sample: Sample): void => {
  table.totalPages = (sample.memTotalKiB + Math.max(0, sample.swapTotalKiB)) / table.pageKiB;
  table.scorePages = sample.oomScoreTotalKiB === ABSENT ? 0 : sample.oomScoreTotalKiB / table.pageKiB;
};

/** Puts a slot back to "a process of which only the pid is known". */
export const clearSlot = (table: ProcessTable, slot: number, pid: number): void => {
  table.pid[slot] = pid;
  table.ppid[slot] = ABSENT;
  table.session[slot] = ABSENT;
  table.arrival[slot] = ++table.arrivals;
  table.startTimeTicks[slot] = ABSENT;
  table.uid[slot] = ABSENT;
  table.rssKiB[slot] = ABSENT;
  table.rssAnonKiB[slot] = ABSENT;
  table.swapKiB[slot] = ABSENT;
  table.pageTablesKiB[slot] = ABSENT;
  table.oomScoreAdj[slot] = 0;
  table.oomScore[slot] = ABSENT;
  table.threads[slot] = ABSENT;
  table.calmKiB[slot] = ABSENT;
  table.flags[slot] = 0;
  table.comm[slot] = '';
  table.exe[slot] = '';
  table.cgroup[slot] = '';
  table.unit[slot] = '';
  table.mmKey[slot] = ABSENT;
  table.mmGroup[slot] = ABSENT;
  table.oomGroup[slot] = '';
  table.protectRule[slot] = ABSENT;
  table.onlyRule[slot] = ABSENT;
  table.policyPoints[slot] = 0;
};

/** One mm has one size, but its readings are some time apart, and a process that grows is the one that matters. */
const RSS_SLACK_KIB = 16 * 1024;
/** Of about 2000; 20 are 3 % of all memory. */
const SCORE_SLACK = 20;

/** Whether two rows are of one size, as two readings of one mm would be. */
export const areOfOneSize = (table: ProcessTable, a: number, b: number): boolean => {
  const rssA = table.rssKiB[a] as number;
  const rssB = table.rssKiB[b] as number;
  if (rssA !== ABSENT && rssB !== ABSENT) return Math.abs(rssA - rssB) <= RSS_SLACK_KIB + Math.max(rssA, rssB) / 4;
  const scoreA = table.oomScore[a] as number;
  const scoreB = table.oomScore[b] as number;
  // The kernel hides vfork children and those at -1000, whatever their size.
  return scoreA === 0 || scoreB === 0 || Math.abs(scoreA - scoreB) <= SCORE_SLACK;
};

/** Whether two rows can have one mm by their key and size: for or against asking kcmp(2), and until it has answered. */
export const areAlike = (table: ProcessTable, a: number, b: number): boolean =>
  table.mmKey[a] !== ABSENT && table.mmKey[a] === table.mmKey[b] && areOfOneSize(table, a, b);
