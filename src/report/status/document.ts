/**
 * The status document: all that the page, `oomwatchd status`, `oomwatchd top` and GET /api/status show, in one JSON object. Times
 * are CLOCK_REALTIME milliseconds, amounts KiB, shares 0 to 1; null is "not known". Every text in it is printable.
 */

/** Raised when a field changes its meaning or goes; new fields do not raise it. */
export const STATUS_VERSION = 1;

export type Severity = 'ok' | 'warning' | 'critical';

/** One thing that is not as it should be: what, and what to do about it. */
export interface Problem {
  /** A Severity, or a word of a later version. */
  readonly severity: string;
  readonly name: string;
  readonly text: string;
}

type Known = number | null;

/** One array a number, so that ten minutes are 30 kB and not 150. */
export interface History {
  /** Points further apart than this are a gap in what was recorded. */
  readonly gap_ms: number;
  readonly time_ms: readonly number[];
  readonly level: readonly number[];
  readonly mem_available_kib: readonly Known[];
  readonly swap_free_kib: readonly Known[];
  readonly headroom_kib: readonly Known[];
  readonly memory_some: readonly Known[];
  readonly memory_full: readonly Known[];
  readonly io_full: readonly Known[];
  readonly stalling: readonly Known[];
}

export interface Now {
  /** Of the last numbers; null before the first. */
  readonly level: string | null;
  readonly mem_total_kib: Known;
  readonly mem_available_kib: Known;
  readonly mem_free_kib: Known;
  readonly swap_total_kib: Known;
  readonly swap_free_kib: Known;
  /** Above the term mark; negative below it. */
  readonly headroom_kib: Known;
  /** null: memory is not shrinking. */
  readonly exhaustion_ms: Known;
  readonly memory_some: Known;
  readonly memory_full: Known;
  readonly io_full: Known;
  readonly stalling: Known;
  readonly stall_longest_ms: Known;
  readonly livelock: { readonly class: string; readonly cause: string; readonly for_ms: Known } | null;
  readonly tick_late_ms: Known;
  readonly processes: Known;
  readonly events_dropped: Known;
  readonly reporter_restarts: Known;
  readonly standby_up: boolean | null;
}

export interface Daemon {
  readonly version: string;
  /** "observe", "enforce", or a word of a later version. */
  readonly mode: string;
  /** null: this reporter has not heard it yet. */
  readonly config_hash: string | null;
  readonly config_files: readonly string[];
  readonly is_ready: boolean;
  /** Since control's last numbers came; beyond the limit it counts as silent. */
  readonly sample_age_ms: Known;
  readonly sample_age_limit_ms: number;
  readonly reload: { readonly ok: boolean; readonly time_ms: number; readonly errors: readonly string[] } | null;
}

export interface CandidateRow {
  readonly pid: number;
  readonly comm: string;
  readonly unit: string;
  readonly exe: string;
  readonly uid: Known;
  readonly rss_kib: Known;
  readonly swap_kib: Known;
  readonly growth_kib: Known;
  readonly oom_score_adj: number;
  readonly badness_pages: Known;
}

export interface VictimRow {
  readonly pid: number;
  readonly comm: string;
  readonly life: string;
  readonly killed_by: string;
  readonly since_ms: number;
}

export interface IncidentRow {
  readonly id: string;
  readonly started_ms: number;
  readonly ended_ms: Known;
  readonly title: string;
  readonly outcome: string;
  readonly victims: number;
}

export interface ScheduleEntry {
  readonly name: string;
  readonly cron: string;
  readonly next_ms: Known;
  readonly last_ms: Known;
  readonly last_result: string;
}

export interface FindingRow {
  readonly name: string;
  readonly status: string;
  readonly found: string;
  readonly meaning: string;
  readonly remedy: string;
}

export interface SourceRow {
  readonly name: string;
  readonly detail: string;
  readonly time_ms: number;
}

export interface EventRow {
  readonly time_ms: number;
  readonly level: string;
  readonly event: string;
  readonly text: string;
}

export interface StatusFacts {
  readonly status_version: typeof STATUS_VERSION;
  readonly time_ms: number;
  readonly host: string;
  readonly daemon: Daemon;
  readonly now: Now;
  /** null where nothing is recorded. */
  readonly history: History | null;
  readonly candidates: { readonly time_ms: number; readonly top: readonly CandidateRow[] } | null;
  readonly victims: readonly VictimRow[];
  readonly incidents: readonly IncidentRow[];
  readonly schedules: readonly ScheduleEntry[];
  /** Those that should be mended. */
  readonly sources_down: readonly SourceRow[];
  /** Those that are not needed and that this host lacks. */
  readonly sources_absent: readonly SourceRow[];
  readonly findings: readonly FindingRow[];
  /** Newest first. */
  readonly events: readonly EventRow[];
}

export interface StatusDocument extends StatusFacts {
  /** A Severity, or a word of a later version. */
  readonly state: string;
  /** Worst first. */
  readonly problems: readonly Problem[];
}
