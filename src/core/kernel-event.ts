/**
 * What the kernel says about OOM kills and dying processes, whatever the way it came: records of /dev/kmsg in all shapes
 * from 4.x to 7.x, and the oom trace points. linux/kernel-log parses it, the register (core/register) uses it.
 */

/** Which killer of the kernel acted. sysrq: a manual SysRq-f, whose "invoked" line has order=-1 (mm/oom_kill.c). */
export const KILL_SCOPES = ['global', 'memcg', 'sysrq', 'allocating_task', 'unknown'] as const;
export type KillScope = (typeof KILL_SCOPES)[number];

/** Kernel records that are told but change no decision. */
export const KERNEL_NOTES = [
  'no_killable',
  /** The same words about a cgroup at its limit. */
  'memcg_no_killable',
  'panic_on_oom',
  'sysrq_manual',
  'sysrq_ignored',
  'fault_oom_leaked',
  'allocation_failure',
  'allocation_stall',
  'hung_task',
  'lockup',
  'rcu_stall',
] as const;
export type KernelNote = (typeof KERNEL_NOTES)[number];

/** How the note on a kill that no record told of begins, which is no record itself. */
export const COUNTED_IN = 'memory.events counts kills in ';

interface Told {
  /** The kernel's clock of the record, microseconds since boot. */
  readonly timeUs: number;
  readonly source: 'kmsg' | 'trace';
}

/** A process as a record names it. `pid` may be that of a thread (kernel-facts 4.1). */
interface Named extends Told {
  readonly pid: number;
  /** latin1, "" where the record has no name; a process chooses it. */
  readonly comm: string;
}

export type KernelEvent =
  /** "COMM invoked oom-killer": ratelimited (10 in 5 s), so its absence says nothing. order -1: SysRq-f. */
  | (Told & { readonly kind: 'invoked'; readonly comm: string; readonly order: number })
  /** "oom-kill:constraint=..." (5.0+): the chosen leader; `oomMemcg` is "" for a global one. */
  | (Named & {
      readonly kind: 'selected';
      readonly uid: number;
      readonly constraint: string;
      readonly oomMemcg: string;
      readonly taskMemcg: string;
    })
  /** "Killed process" in all its forms, and the older "Kill process ... or sacrifice child" is not one (nothing died yet). */
  | (Named & { readonly kind: 'killed'; readonly scope: KillScope; readonly anonRssKiB: number; readonly uid: number })
  /** Trace point oom:mark_victim: fires for every victim, also where no line is printed. */
  | (Named & { readonly kind: 'victim_marked' })
  /** "oom_reaper: reaped process" and oom:finish_task_reaping: its memory is back, or was given up on. */
  | (Named & { readonly kind: 'reaped' })
  /** "oom_reaper: unable to reap": given up on after 10 tries, mmap_lock is held for write. */
  | (Named & { readonly kind: 'unable_to_reap' })
  /** Trace point oom:skip_task_reaping: a trylock of mmap_lock failed. */
  | (Named & { readonly kind: 'reap_skipped' })
  /** "oom killer N (COMM) has mm pinned by M (COMM)": shares its mm with init. */
  | (Named & { readonly kind: 'pinned'; readonly byPid: number; readonly byComm: string })
  /** "OOM victim N (COMM) is already exiting. Skip killing the task". */
  | (Named & { readonly kind: 'already_exiting' })
  /** "Tasks in PATH are going to be killed due to memory.oom.group set". */
  | (Told & { readonly kind: 'group_kill'; readonly memcg: string })
  | (Told & { readonly kind: 'note'; readonly note: KernelNote; readonly text: string })
  /** Records that were overwritten before they were read (EPIPE). */
  | (Told & { readonly kind: 'lost'; readonly records: number })
  /** Looks like an OOM text, but in no shape that is known: told, and found out by the counters (vmstat oom_kill). */
  | (Told & { readonly kind: 'unread'; readonly text: string });

/** What is told of the kernel's own kills and records. Part of the union in event.ts. */
export type KernelTold =
  /** The kernel killed somebody; told once for each victim, from whichever source spoke first. */
  | {
      kind: 'kernel_kill';
      pid: number;
      comm: string;
      scope: KillScope;
      /** cgroup whose limit it was, "" for a global one. */
      memcg: string;
      anonRssKiB: number;
      source: 'kmsg' | 'trace';
    }
  | { kind: 'kernel_note'; note: KernelNote | 'lost' | 'unread'; text: string }
  /** The kernel's counter of OOM kills moved by more than its records told: some text is in no shape that we know. */
  | { kind: 'kernel_kills_unseen'; counted: number; seen: number }
  /** More than one kill of the kernel within a second (patch 6). */
  | { kind: 'kill_burst'; kills: number; withinMs: number; oomKillAllocatingTask: number };
