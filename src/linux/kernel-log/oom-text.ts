/**
 * The texts of the kernel's OOM killer, 3.10 to 7.2 (mm/oom_kill.c, mm/memcontrol.c, drivers/tty/sysrq.c; kernel-facts
 * 4.10). A process chooses its own comm, of at most 15 bytes, any but NUL: where one stands in a text, the kernel's own
 * words behind it are looked for from the end, and a line that may begin with one is only taken for what is longer than
 * that. So no name can stand for another record, process or number.
 */
import type { KernelEvent, KernelNote, KillScope } from '../../core/kernel-event.ts';
import { ABSENT } from '../../core/units.ts';

/** Told as they are, cut to this. */
const TEXT_MAX = 200;

type Told = Pick<KernelEvent, 'timeUs' | 'source'>;

/** null: known, and nothing to tell. */
type Reader = (match: RegExpExecArray, told: Told) => KernelEvent | null;

interface Shape {
  readonly pattern: RegExp;
  readonly read: Reader;
}

const note =
  (name: KernelNote): Reader =>
  ({ input }, told) => ({ ...told, kind: 'note', note: name, text: input.slice(0, TEXT_MAX) });

const silent: Reader = () => null;

const number = (text: string | undefined): number => (text === undefined ? ABSENT : Number(text));

const scopeOf = (head: string): KillScope => {
  if (head.startsWith('Memory cgroup')) return 'memcg';
  return head.includes('oom_kill_allocating_task') ? 'allocating_task' : 'global';
};

const killed: Reader = (match, told) => ({
  ...told,
  kind: 'killed',
  pid: Number(match[2]),
  comm: match[3] as string,
  scope: scopeOf(match[1] ?? ''),
  anonRssKiB: Number(match[5]),
  uid: number(match[4] ?? match[6]),
});

const selected: Reader = (match, told) => ({
  ...told,
  kind: 'selected',
  constraint: match[1] as string,
  oomMemcg:
    match[1] === 'CONSTRAINT_MEMCG' ? (/,oom_memcg=([\s\S]*),task_memcg=/.exec(match[2] as string)?.[1] ?? '') : '',
  taskMemcg: /,task_memcg=([\s\S]*)$/.exec(match[2] as string)?.[1] ?? '',
  comm: match[3] as string,
  pid: Number(match[4]),
  uid: Number(match[5]),
});

const named =
  (kind: 'reaped' | 'unable_to_reap' | 'already_exiting'): Reader =>
  (match, told) => ({ ...told, kind, pid: Number(match[1]), comm: match[2] as string });

/** Asked in this order; `[\s\S]` because a comm may hold a newline. */
const SHAPES: readonly Shape[] = [
  // Lines that begin with a comm come first: one called "Out of memory: " must not pass for a kill.
  {
    pattern: /^([\s\S]{0,15}) invoked oom-killer: gfp_mask=[\s\S]*?\border=(-?\d+)/,
    read: (match, told) => ({ ...told, kind: 'invoked', comm: match[1] as string, order: Number(match[2]) }),
  },
  { pattern: /^[\s\S]{0,15}: page allocation failure[:.] order:\d/, read: note('allocation_failure') },
  { pattern: /^[\s\S]{0,15}: page allocation stalls for /, read: note('allocation_stall') },
  { pattern: /^[\s\S]{0,15}\[\d+\]: /, read: silent },
  {
    // 5.0: the one line that has it all. pid and uid from the end, as paths and comm may hold commas.
    pattern: /^oom-kill:constraint=(CONSTRAINT_[A-Z_]+),([\s\S]*?),task=([\s\S]{0,15}),pid=(\d+),uid=(\d+)$/,
    read: selected,
  },
  {
    // Up to 5.2 without a head; RHEL 7 has ", UID N,"; 5.3 ends with " UID:N pgtables:NkB oom_score_adj:N".
    pattern:
      /^(?:((?:Memory cgroup out|Out) of memory(?: \(oom_kill_allocating_task\))?): )?Killed process (\d+) \(([\s\S]*)\)(?:, UID (\d+),)? total-vm:\d+kB, anon-rss:(\d+)kB, file-rss:\d+kB(?:, shmem-rss:\d+kB)?(?:,? UID:(\d+) .*)?$/,
    read: killed,
  },
  // Followed by "Killed process", which says who really died: a child may have been taken instead.
  {
    pattern: /^(?:Memory cgroup out|Out) of memory(?: \(oom_kill_allocating_task\))?: Kill process \d+ \(/,
    read: silent,
  },
  {
    pattern: /^Tasks in ([\s\S]*) are going to be killed due to memory\.oom\.group set$/,
    read: (match, told) => ({ ...told, kind: 'group_kill', memcg: match[1] as string }),
  },
  { pattern: /^oom_reaper: reaped process :?(\d+) \(([\s\S]*)\),? now anon-rss:/, read: named('reaped') },
  { pattern: /^oom_reaper: unable to reap pid:(\d+) \(([\s\S]*)\)$/, read: named('unable_to_reap') },
  {
    pattern: /^oom killer (\d+) \(([\s\S]{0,15})\) has mm pinned by (\d+) \(([\s\S]*)\)$/,
    read: (match, told) => ({
      ...told,
      kind: 'pinned',
      pid: Number(match[1]),
      comm: match[2] as string,
      byPid: Number(match[3]),
      byComm: match[4] as string,
    }),
  },
  {
    pattern: /^[\s\S]*: OOM victim (\d+) \(([\s\S]*)\) is already exiting\. Skip killing the task$/,
    read: named('already_exiting'),
  },
  { pattern: /^(?:Memory cgroup out|Out) of memory and no killable processes\.\.\.$/, read: note('no_killable') },
  { pattern: /^Kernel panic - not syncing: System is deadlocked on memory/, read: note('no_killable') },
  {
    pattern: /^(?:Kernel panic - not syncing: )?Out of memory: (?:system-wide|compulsory) panic_on_oom /,
    read: note('panic_on_oom'),
  },
  { pattern: /^sysrq ?: Manual OOM execution/i, read: note('sysrq_manual') },
  { pattern: /^(?:sysrq ?: )?OOM request ignored/i, read: note('sysrq_ignored') },
  { pattern: /^Huh VM_FAULT_OOM leaked out to the #PF handler/, read: note('fault_oom_leaked') },
  { pattern: /^INFO: task [\s\S]{1,64}:\d+ blocked for more than \d+ seconds/, read: note('hung_task') },
  {
    pattern: /^BUG: workqueue lockup|^watchdog: BUG: soft lockup|^NMI watchdog: BUG: soft lockup/,
    read: note('lockup'),
  },
  { pattern: /^(?:rcu: )?INFO: rcu_\w+ (?:self-)?detected/, read: note('rcu_stall') },
  { pattern: /^oom_reaper: /, read: silent },
];

/** What no kernel says unless it is about an OOM kill: in none of the shapes above, it is told as unread. */
const LOOKS_LIKE_OOM =
  /^(?:Killed process \d|(?:Memory cgroup out|Out) of memory\b|oom[-_]kill|oom killer|Tasks in [\s\S]* killed|OOM victim)/;

/** SysRq-f prints its own line, then the report as for any other. A report that comes later is another one's. */
const SYSRQ_US = 5_000_000;
const NEVER_US = Number.NEGATIVE_INFINITY;

export interface OomParser {
  /** The event of one text of the kernel, null when it has nothing to do with this or says nothing. */
  read(text: string, timeUs: number): KernelEvent | null;
}

/** Remembers a SysRq-f, because the line of its kill does not say that it was one. */
export const createOomParser = (): OomParser => {
  let sysrqUs = NEVER_US;
  const follow = (event: KernelEvent): KernelEvent => {
    if (event.kind === 'invoked') sysrqUs = event.order === -1 ? event.timeUs : NEVER_US;
    else if (event.kind === 'note' && event.note === 'sysrq_manual') sysrqUs = event.timeUs;
    if (event.kind !== 'killed' || event.scope !== 'global' || event.timeUs - sysrqUs > SYSRQ_US) return event;
    sysrqUs = NEVER_US;
    return { ...event, scope: 'sysrq' };
  };
  return {
    read: (text, timeUs) => {
      const told = { timeUs, source: 'kmsg' } as const;
      for (const { pattern, read } of SHAPES) {
        const match = pattern.exec(text);
        if (match === null) continue;
        const event = read(match, told);
        return event === null ? null : follow(event);
      }
      return LOOKS_LIKE_OOM.test(text) ? { ...told, kind: 'unread', text: text.slice(0, TEXT_MAX) } : null;
    },
  };
};
