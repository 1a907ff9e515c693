/**
 * The report of one incident as it is written: format "oomwatchd-incident", version 1, names as in the log (snake_case, units
 * at the end). config/incident-schema.json is the same as a JSON schema. Every text is printable; what is not known is null.
 * A later version adds keys within version 1, and changes none of them without a new number.
 */
import type { LogLevel } from '../../sentence.ts';

/** open: still going on. interrupted: the reporter ended before the incident did. */
export type IncidentState = 'open' | 'closed' | 'interrupted';

/** What it came to, worst first where several are true: see outcome.ts. */
export const OUTCOMES = [
  'going_on',
  'interrupted',
  'livelock_not_ended',
  'stuck',
  'not_returned',
  'nothing_done',
  'partial',
  'recovered',
  'standby_killed',
  'kernel_killed',
  'observed',
  'passed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface ProcessRow {
  pid: number;
  comm: string;
  unit: string;
  exe: string;
  uid: number | null;
  rss_kib: number | null;
  swap_kib: number | null;
  page_tables_kib: number | null;
  oom_score_adj: number;
  badness_pages: number;
}

/** What a process is ranked by. */
interface WeightRow {
  /** Badness and policy; null: before any points, in swapoff. */
  points_pages: number | null;
  /** What prefer and avoid add, thousandths of all pages. */
  policy_points: number;
  /** The rules behind that, or behind its protection. */
  rules: string[];
}

export interface CandidateRow extends ProcessRow, WeightRow {
  /** 0: not eligible by itself, as the parent of a fork storm may be. */
  rank: number;
  /** Was signalled because of this ranking. */
  chosen: boolean;
  /** Why it was chosen, or why not. */
  why: string;
}

/** Whoever must live and has the same memory. */
export interface SharerRow {
  pid: number;
  comm: string;
  /** Why it may not be killed itself: a reason as in `excluded`, or "refused". */
  reason: string;
  /** false: they are of one program and of one size, and the kernel had not been asked yet. */
  certain: boolean;
}

/** One that is large and was not taken. */
export interface PassedOverRow extends WeightRow {
  pid: number;
  comm: string;
  unit: string;
  size_kib: number | null;
  oom_score_adj: number;
  /** A reason as in `excluded`, "refused" or "outranked". */
  reason: string;
  /** The same in words. */
  why: string;
  /** Behind mm_group: with whom; null where that is not the reason. */
  shares_with: SharerRow | null;
}

/** One ranking and who was taken of it. */
export interface ChoiceRow {
  time_ms: number;
  episode: number;
  scanned: number;
  scan_ms: number;
  /** "points", "swarm" or "fork_storm": by what the victim was taken; "": told by an older version. */
  choice: string;
  candidates: CandidateRow[];
  /** The largest of those that are neither candidates of the list nor victims. */
  passed_over: PassedOverRow[];
  /** How many were not eligible, by reason. */
  excluded: Record<string, number>;
  /** Corrections of the 2016 patch series that made a difference, in words. */
  corrections: string[];
}

export interface SignalRow {
  time_ms: number;
  signal: string;
  victim: ProcessRow;
  reason: string;
  /** false in observe mode, or when the call failed. */
  sent: boolean;
  /** "" when the call did not fail, else its name: "EPERM". */
  errno: string;
  since_verdict_ms: number;
  company: string;
  company_of: number | null;
  text: string;
}

export interface ReturnRow {
  time_ms: number;
  pid: number;
  comm: string;
  after_ms: number;
  expected_kib: number;
  returned_kib: number;
  exited: boolean;
  /** null while it was still watched. */
  verdict: string | null;
}

export interface VictimRow {
  pid: number;
  comm: string;
  killed_by: string;
  life: string;
  after_ms: number;
  size_kib: number | null;
  reason: string | null;
  text: string;
}

export interface LivelockRow {
  time_ms: number;
  stage: string;
  class: string;
  class_text: string;
  cause: string;
  cause_text: string;
  confidence: string;
  for_ms: number;
  subject: string;
  kill_helps: boolean;
  evidence: string[];
  remedy: string;
}

export interface EventRow {
  time_ms: number;
  monotonic_ms: number;
  kind: string;
  level: LogLevel;
  /** The sentence of the log. */
  text: string;
  fields: Record<string, unknown>;
}

/** Columns of equal length; null: not known. Shares are 0 to 1. */
export interface PointColumns {
  time_ms: number[];
  level: (number | null)[];
  mem_total_kib: (number | null)[];
  mem_available_kib: (number | null)[];
  swap_total_kib: (number | null)[];
  swap_free_kib: (number | null)[];
  memory_some: (number | null)[];
  memory_full: (number | null)[];
  io_full: (number | null)[];
  stalling: (number | null)[];
  tick_late_ms: (number | null)[];
}

export interface GrowerRow {
  pid: number;
  comm: string;
  unit: string;
  size_kib: number;
  growth_kib: number;
}

export interface NoticeRow {
  name: string;
  kind: string;
  result: string;
  attempts: number;
  duration_ms: number;
  detail: string;
}

export interface MemoryRow {
  total_kib: number | null;
  available_first_kib: number | null;
  available_lowest_kib: number | null;
  available_last_kib: number | null;
  swap_total_kib: number | null;
  swap_free_lowest_kib: number | null;
}

export interface IncidentDocument {
  format: 'oomwatchd-incident';
  version: 1;
  id: string;
  state: IncidentState;
  outcome: Outcome;
  title: string;
  started: string;
  started_ms: number;
  ended: string | null;
  ended_ms: number | null;
  /** Processes that were killed, by whomever. */
  victims: number;
  /** What happened; what was done; what came of it. What is above it is read for a list: see incident-files.ts. */
  story: [string, string, string];
  /** What to do, most urgent first. */
  advice: string[];
  memory: MemoryRow;
  choices: ChoiceRow[];
  signals: SignalRow[];
  returned: ReturnRow[];
  lives: VictimRow[];
  kernel: { time_ms: number; text: string }[];
  livelocks: LivelockRow[];
  growers: GrowerRow[];
  events: EventRow[];
  /** Events that are not here, all of them behind the first `after`. */
  events_dropped: { count: number; after: number };
  points: PointColumns;
  config: { hash: string; mode: string; files: string[] };
  /** What is known of the host; null where nothing is. */
  host: Record<string, unknown> | null;
  oomwatchd: string;
  notices: NoticeRow[];
}
