/**
 * The log: JSON lines by pino, or the readable form on a terminal, from the same words. Each line carries the time
 * control made the event at, not that of the writing.
 */
import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { StampedEvent } from '../core/event.ts';
import type { ReportPolicy } from '../core/policy.ts';
import { isJournal } from './journal.ts';
import { createLineSink, type LineSink } from './line-sink.ts';
import { type Note, noteLine } from './notes.ts';
import { prettyLine, wantsColour } from './pretty.ts';
import { visible } from './printable.ts';
import { createRateLimit, WINDOW_MS } from './rate-limit.ts';
import type { LogLevel } from './sentence.ts';
import { type Line, lineOf } from './wording.ts';

export interface Logger {
  event(event: StampedEvent): void;
  note(note: Note): void;
  /** One line of level emerg to the journal, which hands it to all terminals; false: the log does not go there. */
  emergency(text: string): boolean;
  /** Tells what is still held back, then writes what is queued; false when the log could not be written in time. */
  close(limitMs: number): Promise<boolean>;
  readonly linesLost: number;
  readonly linesSuppressed: number;
}

interface Stamp {
  readonly event: string;
  readonly timeMs: number;
  readonly monotonicMs?: number;
}

type Render = (line: Line, stamp: Stamp) => void;

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Longest line for terminals. */
const EMERGENCY_LIMIT = 500;

/** How often the log is told what is missing in it. */
const CONFESSION_MS = 1000;

const isoTime = (timeMs: number): string => {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? 'invalid' : time.toISOString();
};

const jsonRenderer = (sink: LineSink): Render => {
  const log = pino(
    {
      base: null,
      timestamp: false,
      level: 'debug',
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
  return ({ level, msg, fields }, { event, timeMs, monotonicMs }) => {
    log[level]({ time: isoTime(timeMs), monotonic_ms: monotonicMs, event, ...fields }, msg);
  };
};

/**
 * Lines of one key are bounded together. Signals that were sent are not: the kill budget bounds them, and each one
 * must be found in the log.
 */
const keyOf = (event: StampedEvent): string | undefined => {
  switch (event.kind) {
    case 'signal':
      return event.sent ? undefined : 'signal not sent';
    case 'no_action':
      return `no_action ${event.reason}`;
    case 'verify':
      return event.verdict === null ? 'verify' : `verify ${event.verdict}`;
    case 'level':
      return `level ${event.to}`;
    case 'source':
      return `source ${event.name}`;
    case 'finding':
      return `finding ${event.finding?.name}`;
    case 'victim':
      return `victim ${event.life} ${event.killedBy}`;
    case 'reap':
      return `reap ${event.result}`;
    case 'kernel_note':
      return `kernel_note ${event.note}`;
    case 'rescue':
      return `rescue ${event.outcome}`;
    case 'forced':
      return `forced ${event.outcome}`;
    default:
      return event.kind;
  }
};

export const createLogger = (policy: ReportPolicy, fd: number, environment: NodeJS.ProcessEnv): Logger => {
  const isTerminal = isatty(fd);
  const isPretty = policy.logFormat === 'pretty' || (policy.logFormat === 'auto' && isTerminal);
  const colour = wantsColour(isTerminal, environment);
  const limit = createRateLimit();
  const sink = createLineSink({ fd });
  let lossTold = 0;
  const render: Render = isPretty
    ? (line, { timeMs }) => sink.write(prettyLine(line, timeMs, colour))
    : jsonRenderer(sink);

  const write: Render = (line, stamp) => {
    if (RANK[line.level] >= RANK[policy.logLevel]) render(line, stamp);
  };

  const note = (note: Note): void => {
    const key = `report_${note.kind}`;
    if (note.kind !== 'suppressed' && !limit.admits(key, performance.now())) return;
    write(noteLine(note), { event: key, timeMs: Date.now() });
  };

  /** Tells what the log could not: what was held back, and what was lost if there is hope that this gets through. */
  const confess = (atEnd: boolean): void => {
    for (const { key, lines } of limit.expire(performance.now(), atEnd)) {
      note({ kind: 'suppressed', what: key, lines, seconds: WINDOW_MS / 1000 });
    }
    const lines = sink.linesLost - lossTold;
    if (lines === 0 || !sink.isWell) return;
    lossTold = sink.linesLost;
    note({ kind: 'lines_lost', lines, error: sink.lastError });
  };
  const timer = setInterval(confess, CONFESSION_MS, false).unref();

  return {
    event: (event) => {
      const line = lineOf(event);
      // What is too quiet for the log anyway must not be counted as held back.
      if (RANK[line.level] < RANK[policy.logLevel]) return;
      const key = keyOf(event);
      if (key !== undefined && !limit.admits(key, performance.now())) return;
      write(line, { event: event.kind, timeMs: event.timeMs, monotonicMs: event.monotonicMs });
    },
    note,
    emergency: (text) => {
      if (!isJournal(fd, environment)) return false;
      // sd-daemon(3): the level of a line, in angle brackets before it (SyslogLevelPrefix=yes, the default).
      sink.write(`<0>${visible(text, EMERGENCY_LIMIT)}\n`);
      return true;
    },
    close: (limitMs) => {
      clearInterval(timer);
      confess(true);
      return sink.close(limitMs);
    },
    get linesLost() {
      return sink.linesLost;
    },
    get linesSuppressed() {
      return limit.suppressed;
    },
  };
};
