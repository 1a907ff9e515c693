/**
 * The status document as it came from whoever answers: the daemon of this version or another one, or any user who listens at its
 * address while it is down. What is not there is "not known", what is new is left out, and what is of another type is refused.
 */
import {
  type CandidateRow,
  type Daemon,
  type EventRow,
  type FindingRow,
  type History,
  type IncidentRow,
  type Now,
  type Problem,
  type ScheduleEntry,
  type SourceRow,
  STATUS_VERSION,
  type StatusDocument,
  type VictimRow,
} from './document.ts';

/** Gives the value as it is meant to be; throws when it is something else. `at`: its name in the document. */
type Reader<T> = (value: unknown, at: string) => T;

const refuse = (at: string, wanted: string): never => {
  throw new TypeError(`"${at}" is no ${wanted}`);
};

const text: Reader<string> = (value = '', at) => (typeof value === 'string' ? value : refuse(at, 'text'));

/** 1e999 is JSON. */
const number: Reader<number> = (value, at) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse(at, 'number');

const flag: Reader<boolean> = (value = false, at) => (typeof value === 'boolean' ? value : refuse(at, 'true or false'));

const orNull =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value = null, at) =>
    value === null ? null : read(value, at);

const listOf =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (value = [], at) =>
    Array.isArray(value) ? value.map((each, index) => read(each, `${at}[${index}]`)) : refuse(at, 'list');

/** Readers for all fields of a type: one that the type gets and this does not have is an error of compilation. */
const object = <T extends object>(fields: { readonly [K in keyof T]-?: Reader<T[K]> }): Reader<T> => {
  const entries = Object.entries<Reader<unknown>>(fields);
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(at, 'object');
    const given = value as Readonly<Record<string, unknown>>;
    const read = entries.map(([name, reader]) => [name, reader(given[name], at === '' ? name : `${at}.${name}`)]);
    return Object.fromEntries(read) as T;
  };
};

const known = orNull(number);
const column = listOf(known);

const source = object<SourceRow>({ name: text, detail: text, time_ms: number });

const now = object<Now>({
  ...{ level: orNull(text), mem_total_kib: known, mem_available_kib: known, mem_free_kib: known },
  ...{ swap_total_kib: known, swap_free_kib: known, headroom_kib: known, exhaustion_ms: known },
  ...{ memory_some: known, memory_full: known, io_full: known, stalling: known, stall_longest_ms: known },
  livelock: orNull(object({ class: text, cause: text, for_ms: known })),
  ...{ tick_late_ms: known, processes: known, events_dropped: known, reporter_restarts: known },
  standby_up: orNull(flag),
});

const daemon = object<Daemon>({
  ...{ version: text, mode: text, config_hash: orNull(text), config_files: listOf(text), is_ready: flag },
  ...{ sample_age_ms: known, sample_age_limit_ms: number },
  reload: orNull(object({ ok: flag, time_ms: number, errors: listOf(text) })),
});

const history = object<History>({
  ...{ gap_ms: number, time_ms: listOf(number), level: listOf(number) },
  ...{ mem_available_kib: column, swap_free_kib: column, headroom_kib: column },
  ...{ memory_some: column, memory_full: column, io_full: column, stalling: column },
});

const candidate = object<CandidateRow>({
  ...{ pid: number, comm: text, unit: text, exe: text, uid: known, rss_kib: known, swap_kib: known },
  ...{ growth_kib: known, oom_score_adj: number, badness_pages: known },
});

const document = object<StatusDocument>({
  status_version: (value, at) => (value === STATUS_VERSION ? value : refuse(at, `version ${STATUS_VERSION}`)),
  ...{ time_ms: number, host: text, daemon, now, history: orNull(history) },
  candidates: orNull(object({ time_ms: number, top: listOf(candidate) })),
  victims: listOf(object<VictimRow>({ pid: number, comm: text, life: text, killed_by: text, since_ms: number })),
  incidents: listOf(
    object<IncidentRow>({
      ...{ id: text, started_ms: number, ended_ms: known, title: text, outcome: text, victims: number },
    }),
  ),
  schedules: listOf(
    object<ScheduleEntry>({ name: text, cron: text, next_ms: known, last_ms: known, last_result: text }),
  ),
  ...{ sources_down: listOf(source), sources_absent: listOf(source) },
  findings: listOf(object<FindingRow>({ name: text, status: text, found: text, meaning: text, remedy: text })),
  events: listOf(object<EventRow>({ time_ms: number, level: text, event: text, text })),
  // Its absence would read as "all is well".
  state: (value, at) => text(value ?? null, at),
  problems: (value, at) => listOf(object<Problem>({ severity: text, name: text, text }))(value ?? null, at),
});

/** Throws a TypeError that names the first field that is something else. */
export const readDocument = (value: unknown): StatusDocument => document(value, '');
