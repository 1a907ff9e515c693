/** Keeps what the status needs of the events, and puts the document together when it is asked for. Bounded. */
import type { ReportStart } from '../../channel/report-start.ts';
import type { CandidateFacts } from '../../core/candidates-event.ts';
import { LEVELS, type StampedEvent } from '../../core/event.ts';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES } from '../../core/livelock.ts';
import { ABSENT } from '../../core/units.ts';
import { gaugeOf } from '../frame-metrics.ts';
import type { Health } from '../health.ts';
import { printable, visible } from '../printable.ts';
import { lineOf } from '../wording.ts';
import {
  type CandidateRow,
  type Daemon,
  type EventRow,
  type FindingRow,
  type Now,
  type SourceRow,
  STATUS_VERSION,
  type StatusDocument,
  type StatusFacts,
} from './document.ts';
import { historyOf } from './history.ts';
import type { StatusSources } from './sources.ts';
import { problemsOf, severityOf } from './verdict.ts';

export interface Status {
  event(event: StampedEvent): void;
  document(): StatusDocument;
}

export interface StatusOptions {
  readonly start: Pick<ReportStart, 'version' | 'mode'>;
  readonly health: Pick<Health, 'last' | 'isReady' | 'limitMs'>;
  readonly sources: StatusSources;
  readonly host: string;
  /** CLOCK_REALTIME. */
  readonly timeMs: () => number;
}

const WINDOW_MS = 600_000;
/** A screen of them; the log has the rest. */
const EVENTS = 30;
/** Control knows some twenty sources and thirty findings; a sender of another version may not have us keep more. */
const MOST_NAMES = 64;
const MOST_ROWS = 20;
const TEXT_LIMIT = 300;

/** Told elsewhere on the page, or too often to be read. */
const ELSEWHERE: ReadonlySet<string> = new Set(['finding', 'candidates', 'stalled_task', 'rehearsed']);

const text = (raw: string, limit = TEXT_LIMIT): string => printable(String(raw), limit);
/** What this process has put into words: printable already, and in need of its bound alone. */
const told = (sentence: string): string => visible(sentence, TEXT_LIMIT);
const amount = (value: number): number | null => (Number.isFinite(value) && value !== ABSENT ? value : null);

const candidateRow = (facts: CandidateFacts): CandidateRow => ({
  pid: facts.pid,
  comm: text(facts.comm),
  unit: text(facts.unit),
  exe: text(facts.exe),
  uid: amount(facts.uid),
  rss_kib: amount(facts.rssKiB),
  swap_kib: amount(facts.swapKiB),
  growth_kib: Number.isFinite(facts.growthKiB) ? facts.growthKiB : null,
  oom_score_adj: facts.oomScoreAdj,
  badness_pages: amount(facts.badnessPages),
});

/** Puts at the end and forgets the oldest beyond the limit. */
const keep = <T>(map: Map<string, T>, key: string, value: T): void => {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_NAMES && oldest !== undefined) map.delete(oldest);
};

export const createStatus = ({ start, health, sources, host, timeMs }: StatusOptions): Status => {
  let daemon: Pick<Daemon, 'mode' | 'config_hash' | 'config_files'> = {
    mode: start.mode,
    config_hash: null,
    config_files: [],
  };
  let reload: Daemon['reload'] = null;
  const down = new Map<string, SourceRow>();
  const absent = new Map<string, SourceRow>();
  const findings = new Map<string, FindingRow>();
  const events: EventRow[] = [];

  const note = (event: StampedEvent): void => {
    if (ELSEWHERE.has(event.kind)) return;
    const { level, msg } = lineOf(event);
    if (level === 'debug') return;
    events.unshift({ time_ms: event.timeMs, level, event: text(event.kind), text: visible(msg, 2 * TEXT_LIMIT) });
    events.length = Math.min(events.length, EVENTS);
  };

  const inForce = (event: Extract<StampedEvent, { kind: 'started' | 'policy_loaded' }>): void => {
    const files = event.files.slice(0, MOST_ROWS).map((file) => told(String(file)));
    daemon = { mode: text(event.mode), config_hash: text(event.configHash), config_files: files };
  };

  const now = (): Now => {
    const last = health.last();
    const of = (name: Parameters<typeof gaugeOf>[1]): number | null =>
      last === undefined ? null : (gaugeOf(last.frame, name) ?? null);
    const point = sources.recorder?.seconds(timeMs() - health.limitMs).at(-1);
    const share = (value: number | undefined): number | null =>
      value === undefined || !Number.isFinite(value) ? null : Math.min(1, Math.max(0, value));
    const found = LIVELOCK_CLASSES[of('livelockClass') ?? 0] ?? 'other';
    const sinceMs = of('livelockSinceMs');
    const standby = of('standbyUp');
    return {
      level: LEVELS[of('levelIndex') ?? ABSENT] ?? null,
      mem_total_kib: of('memTotalKiB'),
      mem_available_kib: of('memAvailableKiB'),
      mem_free_kib: of('memFreeKiB'),
      swap_total_kib: of('swapTotalKiB'),
      swap_free_kib: of('swapFreeKiB'),
      headroom_kib: of('headroomKiB'),
      exhaustion_ms: of('exhaustionMs'),
      memory_some: share(point?.someShare),
      memory_full: share(point?.fullShare),
      io_full: share(point?.ioFullShare),
      stalling: of('stalling'),
      stall_longest_ms: of('stallLongestMs'),
      livelock:
        found === 'none'
          ? null
          : {
              class: found,
              cause: LIVELOCK_CAUSES[of('livelockCause') ?? 0] ?? 'unknown',
              for_ms: sinceMs === null ? null : (of('monotonicMs') ?? sinceMs) - sinceMs,
            },
      tick_late_ms: of('tickLateMs'),
      processes: of('processesKnown'),
      events_dropped: of('eventsDropped'),
      reporter_restarts: of('reporterRestarts'),
      standby_up: standby === null ? null : standby !== 0,
    };
  };

  const facts = (): StatusFacts => {
    const atMs = timeMs();
    const { recorder, incidents, schedules } = sources;
    const ranking = recorder?.candidates();
    return {
      status_version: STATUS_VERSION,
      time_ms: atMs,
      host: text(host),
      daemon: {
        version: start.version,
        ...daemon,
        is_ready: health.isReady,
        sample_age_ms: health.last()?.ageMs ?? null,
        sample_age_limit_ms: health.limitMs,
        reload,
      },
      now: now(),
      history: recorder === undefined ? null : historyOf(recorder.seconds(atMs - WINDOW_MS, atMs), health.limitMs),
      candidates:
        ranking === undefined
          ? null
          : { time_ms: ranking.timeMs, top: ranking.top.slice(0, MOST_ROWS).map(candidateRow) },
      victims: (recorder?.victims() ?? []).slice(0, MOST_ROWS).map(({ pid, comm, life, killedBy, sinceMs }) => ({
        ...{ pid, comm: text(comm), life: text(life), killed_by: text(killedBy), since_ms: sinceMs },
      })),
      incidents: (incidents?.heads() ?? []).slice(0, MOST_ROWS).map((head) => ({
        ...{ id: text(head.id), started_ms: head.startedMs, ended_ms: head.endedMs, title: told(head.title) },
        ...{ outcome: told(head.outcome), victims: head.victims },
      })),
      schedules: (schedules?.list() ?? []).slice(0, MOST_ROWS).map((row) => ({
        ...{ name: text(row.name), cron: text(row.cron), next_ms: row.nextMs, last_ms: row.lastMs },
        last_result: told(row.lastResult),
      })),
      sources_down: [...down.values()],
      sources_absent: [...absent.values()],
      findings: [...findings.values()],
      events,
    };
  };

  return {
    event: (event) => {
      if (event.kind === 'started') inForce(event);
      else if (event.kind === 'policy_loaded') {
        inForce(event);
        reload = { ok: true, time_ms: event.timeMs, errors: [] };
      } else if (event.kind === 'policy_rejected') {
        const errors = event.errors.slice(0, MOST_ROWS).map((error) => told(String(error)));
        reload = { ok: false, time_ms: event.timeMs, errors };
      } else if (event.kind === 'source') {
        const name = text(event.name);
        down.delete(name);
        absent.delete(name);
        const row = { name, detail: text(event.detail), time_ms: event.timeMs };
        if (!event.up) keep(event.fault === false ? absent : down, name, row);
      } else if (event.kind === 'finding' && event.finding.status !== 'ok') {
        const { name, status, found, meaning, remedy } = event.finding;
        const row = { name: text(name), status: text(status), found: text(found) };
        keep(findings, row.name, { ...row, meaning: text(meaning), remedy: text(remedy) });
      }
      note(event);
    },
    document: () => {
      const told = facts();
      const problems = problemsOf(told);
      return { ...told, state: severityOf(problems), problems };
    },
  };
};
