/**
 * What core/livelock says of a moment: whether the host makes no progress, of which kind that is, from what it comes, and
 * what ends it. The classes are those of kmallocwd's author (kernel-facts 2.4), the causes those of kernel-facts 5.
 */
import { ABSENT } from './units.ts';

/**
 * none: the host moves. after_kill (A): somebody was killed and cannot go. overload, before_kill, nofs (B): nobody was
 * killed; work still moves, nothing moves, only allocations without __GFP_FS are in flight. other (C): it stalls otherwise.
 */
export const LIVELOCK_CLASSES = ['none', 'after_kill', 'overload', 'before_kill', 'nofs', 'other'] as const;
export type LivelockClass = (typeof LIVELOCK_CLASSES)[number];

/** By cause, where the signs allow one; unknown is an answer. In the order of kernel-facts 5. */
export const LIVELOCK_CAUSES = [
  'unknown',
  'file_thrash',
  'swap_thrash',
  'zram_thrash',
  'memory_high',
  'victim_on_storage',
  'mmap_lock',
  'unkillable',
  'memcg_unkillable',
  'memcg_under_oom',
  'shmem',
  'slab',
  'hugetlb',
  'mlocked',
  'arc',
  'core_dump',
  'frozen',
  'clone_vm',
  'vfork',
  'oom_lock',
  'kswapd_gave_up',
  'constraint',
  'allocating_task',
  'storage_cycle',
  'balloon',
  'fork_storm',
] as const;
export type LivelockCause = (typeof LIVELOCK_CAUSES)[number];

export type Confidence = 'low' | 'medium' | 'high';

export interface Livelock {
  class: LivelockClass;
  cause: LivelockCause;
  confidence: Confidence;
  /** Since when the class holds; ABSENT while it is none. */
  sinceMs: number;
  /** Whether the death of a process can end it: of a thrash yes, of a full tmpfs or a suspended device no. */
  killHelps: boolean;
  /** What it is about: the path of a cgroup, "pid 4711 (java)", a mount; "" where it is the host. */
  subject: string;
  /** What was seen, each with its number and unit; never empty while class is not none. */
  evidence: readonly string[];
}

/** The host, or a cgroup of it, makes no progress; when it ends, what it was and for how long. */
export interface LivelockEvent extends Readonly<Omit<Livelock, 'sinceMs'>> {
  readonly kind: 'livelock';
  readonly stage: 'begins' | 'changes' | 'ends';
  readonly forMs: number;
}

export const noLivelock = (): Livelock => ({
  class: 'none',
  cause: 'unknown',
  confidence: 'low',
  sinceMs: ABSENT,
  killHelps: true,
  subject: '',
  evidence: [],
});
