/**
 * Notices on their way: few at a time, a bounded number that waits, attempts that failed repeated with growing pauses. Whoever
 * pauses holds no place among those that run, so that an address that does not answer keeps nobody else waiting.
 */
import type { NoticeResult } from '../incident/incident-head.ts';
import type { Attempt } from './attempt.ts';

export interface Job {
  readonly name: string;
  readonly kind: NoticeResult['kind'];
  /** Never rejects. Ends soon, as failed, when the signal is aborted. */
  attempt(signal: AbortSignal): Promise<Attempt>;
  /** Called once. */
  done(result: NoticeResult): void;
}

export interface NoticeQueue {
  push(job: Job): void;
  /** Ends what runs and gives up what waits: the reporter ends. */
  close(): void;
}

interface QueueOptions {
  readonly atOnce: number;
  /** Most that wait: for a place, or for their next attempt. */
  readonly limit: number;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** Pause before the second attempt; each later one is twice as long. */
  readonly firstPauseMs?: number;
}

const ATTEMPTS_MAX = 5;
/** From the first attempt on: later a notice is history, and the incident report has it. */
const TOTAL_MS = 120_000;
const FIRST_PAUSE_MS = 1000;

interface Entry {
  readonly job: Job;
  attempts: number;
  /** Of the first attempt, performance.now(). */
  startMs: number;
}

export const createNoticeQueue = (options: QueueOptions): NoticeQueue => {
  const { atOnce, limit, random = Math.random, firstPauseMs = FIRST_PAUSE_MS } = options;
  const waiting: Entry[] = [];
  const pausing = new Map<Entry, NodeJS.Timeout>();
  const closing = new AbortController();
  let running = 0;

  const end = ({ job, attempts, startMs }: Entry, result: NoticeResult['result'], detail: string): void => {
    const durationMs = attempts === 0 ? 0 : Math.round(performance.now() - startMs);
    job.done({ name: job.name, kind: job.kind, result, attempts, durationMs, detail });
  };

  /** Half to one and a half of the pause: many hosts that lost one address must not come back to it as one. */
  const pauseMs = (attempts: number, atLeastMs: number): number =>
    Math.max(atLeastMs, firstPauseMs * 2 ** (attempts - 1) * (0.5 + random()));

  const settle = (entry: Entry, { result, detail, retryAfterMs }: Attempt): void => {
    running--;
    const ms = retryAfterMs === undefined ? Number.POSITIVE_INFINITY : pauseMs(entry.attempts, retryAfterMs);
    const isLate = performance.now() - entry.startMs + ms > TOTAL_MS;
    if (closing.signal.aborted || entry.attempts >= ATTEMPTS_MAX || isLate) end(entry, result, detail);
    else if (waiting.length + pausing.size >= limit) end(entry, result, detail);
    else {
      const resume = (): void => {
        pausing.delete(entry);
        waiting.push(entry);
        start();
      };
      pausing.set(entry, setTimeout(resume, ms).unref());
    }
    start();
  };

  const start = (): void => {
    while (running < atOnce && !closing.signal.aborted) {
      const entry = waiting.shift();
      if (entry === undefined) return;
      running++;
      if (entry.attempts++ === 0) entry.startMs = performance.now();
      entry.job.attempt(closing.signal).then(
        (attempt) => settle(entry, attempt),
        // A fault of ours costs this one notice.
        (error) => settle(entry, { result: 'failed', detail: error instanceof Error ? error.name : 'fault' }),
      );
    }
  };

  return {
    push: (job) => {
      const entry = { job, attempts: 0, startMs: 0 };
      if (closing.signal.aborted) end(entry, 'dropped', 'the reporter ends');
      else if (running >= atOnce && waiting.length + pausing.size >= limit) {
        end(entry, 'dropped', `${limit} notices wait already`);
      } else {
        waiting.push(entry);
        start();
      }
    },
    close: () => {
      closing.abort();
      const given = [...waiting.splice(0), ...pausing.keys()];
      for (const timer of pausing.values()) clearTimeout(timer);
      pausing.clear();
      for (const entry of given) end(entry, 'dropped', 'the reporter ends');
    },
  };
};
