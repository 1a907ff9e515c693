/**
 * Policy: the validated settings in machine units, as the config loader hands them over (plain JSON). Texts, defaults
 * and their reasons live in config/; the core only ever sees numbers that have already been checked.
 */
import type { NoticesPolicy, SchedulesPolicy } from './notice-policy.ts';

/** A threshold: the smaller of the bounds that are given ("min(10%, 2GiB)" gives both), ABSENT where one is not. */
export interface Mark {
  readonly kib: number;
  readonly permyriad: number;
}

/** At or below these amounts a level is reached; a mark with both bounds ABSENT never fires. */
export interface LevelMarks {
  readonly memAvailable: Mark;
  readonly swapFree: Mark;
}

export interface ThrashPolicy {
  readonly enabled: boolean;
  /** Length of the window over which stall time and refaults are differenced. */
  readonly windowMs: number;
  /** Share of the window in which every non-idle task waited for memory (PSI memory "full", by its total). */
  readonly fullPermyriad: number;
  /** Share in which at least one task waited ("some"), from which half of `fullPermyriad` is enough, held twice as long. */
  readonly somePermyriad: number;
  /** Pages of the working set that were reclaimed and had to come back, per second, that corroborate it. */
  readonly restoresPerS: number;
  /** Only while MemAvailable is at or below this: global thrash cannot happen with memory to spare. */
  readonly memAvailable: Mark;
  /** How long the condition must hold before it is a verdict. */
  readonly holdMs: number;
}

export interface DetectPolicy {
  /** Whether both the memory and the swap mark must be reached, or either. Without swap only memory counts. */
  readonly combine: 'and' | 'or';
  readonly term: LevelMarks;
  readonly kill: LevelMarks;
  readonly thrash: ThrashPolicy;
  /** Below the term mark, exhaustion nearer than this at the present slope is treated as the kill level. */
  readonly forecastMs: number;
  /** A tick later than this is a sign of pressure that corroborates the thrash verdict. */
  readonly lateMs: number;
}

/** The allocation-stall watch (core/stall). */
export interface StallPolicy {
  readonly enabled: boolean;
  /** A thread that stalls for so long is told, and again after each `repeatMs` while one does. */
  readonly warnAfterMs: number;
  readonly repeatMs: number;
}

export interface PacePolicy {
  readonly minMs: number;
  readonly maxMs: number;
  /** The fastest that memory is assumed to fill, from which the longest safe sleep follows. */
  readonly fillKiBPerMs: number;
}

export type RuleAction = 'protect' | 'prefer' | 'avoid' | 'only';

/** One line of policy. All criteria that are given must match; within one criterion any entry suffices. */
export interface PolicyRule {
  /** Where it comes from, as the operator knows it: "builtin:sshd", "select.protect[2]". */
  readonly id: string;
  readonly action: RuleAction;
  /** Badness offset in thousandths of total pages, as oom_score_adj counts; negative to avoid, 0 for protect and only. */
  readonly points: number;
  readonly reason: string;
  readonly unit: readonly string[];
  readonly cgroup: readonly string[];
  readonly exe: readonly string[];
  readonly comm: readonly string[];
  readonly uids: readonly number[];
  readonly oomScoreAdjMin: number;
  readonly oomScoreAdjMax: number;
}

/**
 * The six corrections of the 2016 patch series, each switchable, so that the difference it makes can be shown. Off is what
 * the kernel of that time did; core/select/rules has what each one is.
 */
export interface Corrections {
  readonly excludeVictims: boolean;
  readonly exitingDoesNotAbort: boolean;
  readonly originAndVictim: boolean;
  readonly originAndUnkillable: boolean;
  readonly timers: boolean;
  readonly waitAllocatingTask: boolean;
}

export interface SelectPolicy {
  readonly corrections: Corrections;
  /** A process that would return less than this is not worth a kill. */
  readonly minimumSize: Mark;
  readonly rules: readonly PolicyRule[];
  /** Rehearsal only: no other pid is a candidate. ABSENT otherwise. */
  readonly onlyPid: number;
}

export const SYSRQ_F = ['off', 'undirected', 'directed'] as const;
export type SysrqF = (typeof SYSRQ_F)[number];

export const LAST_RESORTS = ['off', 'crash', 'reboot', 'watchdog'] as const;
export type LastResort = (typeof LAST_RESORTS)[number];

export type CgroupRuleAction = 'tell' | 'term' | 'kill';

/** Who goes along with a victim: those who share its mm always do, then all of its cgroup and below, or all of its unit. */
export type ActScope = 'process' | 'cgroup' | 'unit';

/** Marks of a cgroup, what is done when all that are given have been reached for a while, and to whom. */
export interface CgroupRule {
  readonly id: string;
  /** Globs of the path, and of the unit whose own cgroup it is; one of all suffices. */
  readonly cgroup: readonly string[];
  readonly unit: readonly string[];
  /** At or above; a share is one of the lower of its own limits. Both bounds ABSENT: not asked. */
  readonly memory: Mark;
  /** memory.pressure, at or above; ABSENT: not asked. */
  readonly somePermyriad: number;
  readonly fullPermyriad: number;
  /** Out of memory again and again without a kill of the kernel. */
  readonly oomLoop: boolean;
  readonly holdMs: number;
  readonly action: CgroupRuleAction;
  readonly scope: ActScope;
  /** Processes at oom_score_adj -1000 may be chosen as well. */
  readonly unkillable: boolean;
  readonly reason: string;
}

export interface ActPolicy {
  readonly scope: ActScope;
  readonly termTimeoutMs: number;
  readonly holdOffMs: number;
  /** A victim that is not gone by then is stuck: it is ignored and the next one chosen. */
  readonly victimTimeoutMs: number;
  /** Kill nobody when killing cannot end the shortage. */
  readonly futility: boolean;
  /** Kill the parent of a fork storm with all of its children. */
  readonly forkStorm: boolean;
  /** process_mrelease(2) for every victim after SIGKILL. */
  readonly reap: boolean;
  readonly killsPerMinute: number;
  readonly killsPerHour: number;
  /** Whether the kernel's own killer is called when our signals do not help, and whether it is steered. */
  readonly sysrqF: SysrqF;
  /** SysRq keys pressed once when a standstill lasts: "wm", "m", "w" or "". */
  readonly evidence: string;
  readonly lastResort: LastResort;
  /** How long the host must have stood still. */
  readonly lastResortAfterMs: number;
  /** Opened, and so armed, for lastResort watchdog in enforce mode alone. */
  readonly watchdogDevice: string;
  /** Without being fed for so long it resets the host. */
  readonly watchdogTimeoutMs: number;
}

/** What of others may be changed to get a stuck victim or a throttled cgroup going; see core/remedy. */
export interface RemediesPolicy {
  readonly thawCgroup: boolean;
  readonly thawFileSystem: boolean;
  readonly abortFuse: boolean;
  readonly liftMemoryHigh: boolean;
  /** A victim that is not gone so long after its SIGKILL, with its reason known. */
  readonly afterMs: number;
  /** How long the verdict on a throttled cgroup must hold. */
  readonly memoryHighAfterMs: number;
  /** MemAvailable that must be left on the host if the cgroup took all that it is given. */
  readonly memoryHighReserve: Mark;
  readonly perMinute: number;
}

/** Incident reports: where their files lie, and how much of them is kept. */
export interface IncidentsPolicy {
  readonly directory: string;
  /** Reports, newest first; each is two files. */
  readonly keep: number;
  /** Of all files together. */
  readonly maxBytes: number;
}

/** Who may read what the reporter serves; paths, '' for none. The reporter reads the files itself. */
export interface HttpPolicy {
  readonly tokenFile: string;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly clientCa: string;
}

export interface ReportPolicy {
  /** "127.0.0.1:9854", "[::1]:9854", "unix:/run/oomwatchd/http.sock" or "off". */
  readonly listen: string;
  readonly http: HttpPolicy;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'auto' | 'json' | 'pretty';
  /** File for the textfile collector of node_exporter, or "off". */
  readonly textfile: string;
  /** uid and gid that the report process drops to when control runs as root; ABSENT: stay. */
  readonly uid: number;
  readonly gid: number;
  /** Not there from a control that is older than this reporter: nothing is written then. */
  readonly incidents?: IncidentsPolicy;
  /** Both are missing in what a control of an older version hands over, after an upgrade in place. */
  readonly notices?: NoticesPolicy;
  readonly schedules?: SchedulesPolicy;
}

/** The second actor: a process of its own that acts while control does not. */
export interface StandbyPolicy {
  readonly enabled: boolean;
  /** Control's next turn is overdue by more than this. */
  readonly afterMs: number;
  /** Kills in one absence of control. */
  readonly kills: number;
}

export interface ControlPolicy {
  /** Path of the socket for kill-now, "off" for none. Whoever may write to it may have a process killed. */
  readonly socket: string;
  readonly standby: StandbyPolicy;
}

export interface Policy {
  readonly mode: 'observe' | 'enforce';
  readonly detect: DetectPolicy;
  readonly stall: StallPolicy;
  readonly pace: PacePolicy;
  readonly select: SelectPolicy;
  readonly act: ActPolicy;
  readonly cgroups: readonly CgroupRule[];
  readonly remedies: RemediesPolicy;
  readonly report: ReportPolicy;
  readonly control: ControlPolicy;
  /** First 12 hex digits of the SHA-256 over the texts it was made from, to tell which configuration was in force. */
  readonly hash: string;
  /** The files it was read from, in order of precedence, lowest first. */
  readonly files: readonly string[];
}
