/**
 * What a command gets on its standard input, and a webhook of the form "generic" as its body: one JSON object. Names of
 * processes, units and paths are data in it, already printable; whoever puts them into a shell or a page must quote them.
 */
import type { StampedEvent } from '../../core/event.ts';
import type { NoticeKind } from '../../core/notice-policy.ts';
import { fieldsOf } from '../fields.ts';
import type { IncidentHead } from '../incident/incident-head.ts';
import { printable, visible } from '../printable.ts';
import type { LogLevel } from '../sentence.ts';
import { lineOf } from '../wording.ts';

/** Raised when a field changes its meaning or goes; new fields may come at any time. */
const VERSION = 1;

/** Longest sentence. */
const SUMMARY_LIMIT = 1000;

export interface Owner {
  readonly uid: number;
  /** Its name in /etc/passwd, "" when it has none there. */
  readonly user: string;
  readonly unit: string;
  readonly pid: number;
  readonly comm: string;
}

export interface NoticeDocument {
  readonly version: typeof VERSION;
  readonly kind: NoticeKind;
  readonly host: string;
  readonly mode: 'observe' | 'enforce';
  readonly level: LogLevel;
  /** When it happened, or was told by the clock; RFC 3339. */
  readonly time: string;
  /** One sentence, as in the log. */
  readonly summary: string;
  /** The fields of its log line, with the kind of event under "event". */
  readonly event?: Readonly<Record<string, unknown>>;
  readonly incident?: Readonly<Record<string, unknown>>;
  /** Numbers of a summary or self-check. */
  readonly figures?: Readonly<Record<string, unknown>>;
  /** In notices to owners, and of signals where it is known whom they hit. */
  readonly owner?: Owner;
}

/** What is the same for all notices of one process. */
export interface Origin {
  readonly host: string;
  readonly mode: 'observe' | 'enforce';
}

const isoTime = (timeMs: number): string => {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? new Date().toISOString() : time.toISOString();
};

const head = (origin: Origin, kind: NoticeKind, level: LogLevel, timeMs: number, summary: string): NoticeDocument => ({
  version: VERSION,
  kind,
  host: printable(origin.host, 255),
  mode: origin.mode,
  level,
  time: isoTime(timeMs),
  summary: visible(summary, SUMMARY_LIMIT),
});

export const documentOfEvent = (origin: Origin, kind: NoticeKind, event: StampedEvent): NoticeDocument => {
  const { level, msg } = lineOf(event);
  return {
    ...head(origin, kind, level, event.timeMs, msg),
    event: { event: event.kind, monotonic_ms: event.monotonicMs, ...fieldsOf(event) },
  };
};

export const documentOfIncident = (origin: Origin, incident: IncidentHead, nowMs: number): NoticeDocument => ({
  ...head(origin, 'incident', 'warn', nowMs, incident.title),
  incident: {
    id: printable(incident.id),
    started: isoTime(incident.startedMs),
    ended: incident.endedMs === null ? null : isoTime(incident.endedMs),
    outcome: visible(incident.outcome, SUMMARY_LIMIT),
    victims: incident.victims,
  },
});

/** Of what comes by the clock. */
export const documentOfFigures = (
  origin: Origin,
  kind: NoticeKind,
  level: LogLevel,
  nowMs: number,
  summary: string,
  figures: Readonly<Record<string, unknown>>,
): NoticeDocument => ({ ...head(origin, kind, level, nowMs, summary), figures });
