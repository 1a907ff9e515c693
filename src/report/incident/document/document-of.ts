/** Facts of an incident -> its document: every text made printable, every unknown number null. */
import { constants } from 'node:os';
import type { StampedEvent } from '../../../core/event.ts';
import { fieldsOf } from '../../fields.ts';
import { CAUSE_WORDS, CLASS_WORDS } from '../../livelock-remedy.ts';
import { livelockRemedy } from '../../livelock-wording.ts';
import { printable, visible } from '../../printable.ts';
import type { EventOf } from '../../sentence.ts';
import { lineOf } from '../../wording.ts';
import type { Facts } from '../gather/facts.ts';
import { columnsOf, merged } from '../gather/series.ts';
import { type IncidentHead, noticeRow } from '../incident-head.ts';
import { choiceRow } from './choice.ts';
import type { EventRow, IncidentDocument, IncidentState, LivelockRow, MemoryRow } from './document.ts';
import { adviceOf, storyOf, titleOf } from './incident-wording.ts';
import { outcomeOf } from './outcome.ts';
import { known, PATH_LIMIT, processRow } from './process-row.ts';

export interface Surroundings {
  readonly config: { readonly hash: string; readonly mode: string; readonly files: readonly string[] };
  /** A plain object, made safe here. */
  readonly host: object | undefined;
  readonly version: string;
}

const TEXT_LIMIT = 400;
const text = (raw: string): string => printable(raw, TEXT_LIMIT);

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);
const errnoName = (errno: number): string => (errno === 0 ? '' : (NAMES.get(Math.abs(errno)) ?? `errno ${errno}`));

const livelockRow = (event: EventOf<'livelock'>): LivelockRow => ({
  time_ms: event.timeMs,
  stage: event.stage,
  class: event.class,
  class_text: CLASS_WORDS[event.class],
  cause: event.cause,
  cause_text: CAUSE_WORDS[event.cause].cause,
  confidence: event.confidence,
  for_ms: event.forMs,
  subject: text(event.subject),
  kill_helps: event.killHelps,
  evidence: event.evidence.slice(0, 16).map(text),
  remedy: livelockRemedy(event.cause, event.subject),
});

const memoryRow = ({ memory, seconds, tenths }: Facts): MemoryRow => {
  const points = [...seconds.points(), ...tenths.points()];
  const least = (values: (number | undefined)[]): number | null => {
    const there = values.filter((value): value is number => value !== undefined && value >= 0);
    return there.length === 0 ? null : Math.min(...there);
  };
  return {
    total_kib: memory?.first.memTotalKiB ?? null,
    available_first_kib: memory?.first.memAvailableKiB ?? null,
    available_lowest_kib: least([memory?.lowest.memAvailableKiB, ...points.map((point) => point.memAvailableKiB)]),
    available_last_kib: memory?.last.memAvailableKiB ?? null,
    swap_total_kib: memory?.first.swapTotalKiB ?? null,
    swap_free_lowest_kib: least([memory?.lowest.swapFreeKiB, ...points.map((point) => point.swapFreeKiB)]),
  };
};

/** A report is made again every half minute while it is open, and its words are the most of the work. */
const told = new WeakMap<StampedEvent, EventRow>();

const eventRow = (event: StampedEvent): EventRow => {
  const before = told.get(event);
  if (before !== undefined) return before;
  const { level, msg, fields } = lineOf(event);
  const row: EventRow = {
    ...{ time_ms: event.timeMs, monotonic_ms: event.monotonicMs, kind: printable(event.kind) },
    ...{ level, text: msg, fields },
  };
  told.set(event, row);
  return row;
};

const UNTOLD = 'Events of another version, which cannot be put into words: see the log';

/** What cannot be made of what another version sent is left out; it is in the events all the same. */
const orElse = <T>(make: () => T, otherwise: T): T => {
  try {
    return make();
  } catch {
    // A field that is needed is not there or of another type.
    return otherwise;
  }
};

const rows = <T, R>(events: readonly T[], row: (event: T) => R): R[] =>
  events.flatMap((event) => orElse<R[]>(() => [row(event)], []));

/** fieldsOf() makes every text of it printable; its own depth is what systeminformation gives. */
const hostOf = (host: object | undefined): Record<string, unknown> | null =>
  host === undefined ? null : fieldsOf({ ...host, kind: 'host' } as unknown as StampedEvent);

/** The head alone, for one that is still open: cheap enough for every look at a list. */
export const openHead = (facts: Facts): IncidentHead => ({
  ...{ id: facts.id, startedMs: facts.startedMs, endedMs: null, outcome: 'going_on' },
  ...{ title: orElse(() => titleOf(facts), UNTOLD), victims: facts.killed.all.size },
});

export const documentOf = (facts: Facts, around: Surroundings, state: IncidentState): IncidentDocument => {
  const rankings = facts.rankings.list();
  const { startedMs, endedMs } = facts;
  return {
    format: 'oomwatchd-incident',
    version: 1,
    id: facts.id,
    state,
    outcome: state === 'interrupted' ? 'interrupted' : outcomeOf(facts),
    title: orElse(() => titleOf(facts), UNTOLD),
    started: new Date(startedMs).toISOString(),
    started_ms: startedMs,
    ended: endedMs === null ? null : new Date(endedMs).toISOString(),
    ended_ms: endedMs,
    victims: facts.killed.all.size,
    story: orElse(() => storyOf(facts), [UNTOLD, '', '']),
    advice: orElse(() => adviceOf(facts), []),
    memory: memoryRow(facts),
    choices: rows(rankings, (ranked) =>
      choiceRow(ranked, rankings[rankings.indexOf(ranked) + 1]?.monotonicMs ?? Number.POSITIVE_INFINITY, facts),
    ),
    signals: rows(facts.signals.list(), (event) => ({
      time_ms: event.timeMs,
      signal: printable(event.signal),
      victim: processRow(event.victim),
      reason: printable(event.reason),
      sent: event.sent,
      errno: errnoName(event.errno),
      since_verdict_ms: event.sinceVerdictMs,
      company: event.company,
      company_of: known(event.companyOf),
      text: lineOf(event).msg,
    })),
    returned: rows(facts.verdicts.list(), (event) => ({
      time_ms: event.timeMs,
      ...{ pid: event.pid, comm: printable(event.comm), after_ms: event.afterMs },
      ...{ expected_kib: event.expectedKiB, returned_kib: event.returnedKiB },
      ...{ exited: event.exited, verdict: event.verdict },
    })),
    lives: rows([...facts.lives.values()], (event) => ({
      ...{ pid: event.pid, comm: printable(event.comm), killed_by: event.killedBy, life: event.life },
      ...{ after_ms: event.afterMs, size_kib: known(event.sizeKiB), reason: event.reason, text: lineOf(event).msg },
    })),
    kernel: facts.kernel.list().map((event) => ({ time_ms: event.timeMs, text: lineOf(event).msg })),
    livelocks: rows(facts.livelocks.list(), livelockRow),
    growers: rows(facts.growers.slice(0, 10), (grower) => ({
      ...{ pid: grower.pid, comm: printable(grower.comm), unit: printable(grower.unit, PATH_LIMIT) },
      size_kib: Math.max(0, grower.rssKiB) + Math.max(0, grower.swapKiB),
      growth_kib: grower.growthKiB,
    })),
    events: facts.events.list().map(eventRow),
    events_dropped: { count: facts.events.dropped, after: facts.events.droppedAfter },
    points: columnsOf(merged(facts.tenths.points(), facts.seconds.points())),
    config: {
      hash: printable(around.config.hash),
      mode: printable(around.config.mode),
      files: around.config.files.slice(0, 32).map((file) => visible(file, PATH_LIMIT)),
    },
    host: hostOf(around.host),
    oomwatchd: printable(around.version),
    notices: facts.notices.map((notice) => ({
      ...noticeRow(notice),
      name: visible(notice.name, TEXT_LIMIT),
      detail: visible(notice.detail, TEXT_LIMIT),
    })),
  };
};
