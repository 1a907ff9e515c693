/** What is done by the clock: node-cron says when, this says what came of it. One run of each at a time. */
import { createTask, type ScheduledTask } from 'node-cron';
import { messageOf } from '../message-of.ts';

export interface ScheduleState {
  readonly name: string;
  /** Five fields as in crontab(5), in the host's time; "off". */
  readonly cron: string;
  readonly nextMs: number | null;
  readonly lastMs: number | null;
  readonly lastResult: string;
}

export interface Schedules {
  list(): readonly ScheduleState[];
  /** What came of the last run, where that is known only later. */
  note(name: string, result: string): void;
  stop(): void;
}

export interface Duty {
  readonly name: string;
  /** "" for off. */
  readonly cron: string;
  /** What came of it, in a few words. */
  readonly run: () => string | Promise<string>;
}

/** A process that was stopped or starved over the hour does it late rather than not at all. */
const LATE_MS = 3_600_000;

/** node-cron writes to standard output otherwise, which is the log. */
const SILENT = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

interface Entry {
  readonly duty: Duty;
  readonly task: ScheduledTask | undefined;
  lastMs: number | null;
  lastResult: string;
}

/** Begins at once. `onFault`: a duty failed by a fault of ours, or its expression is not one to node-cron. */
export const createSchedules = (duties: readonly Duty[], onFault: (error: string) => void): Schedules => {
  const entries = new Map<string, Entry>();

  const carryOut = async (duty: Duty): Promise<void> => {
    const entry = entries.get(duty.name);
    if (entry === undefined) return;
    entry.lastMs = Date.now();
    try {
      entry.lastResult = await duty.run();
    } catch (error) {
      entry.lastResult = `failed: ${messageOf(error)}`;
      onFault(`${duty.name}: ${messageOf(error)}`);
    }
  };

  const taskOf = (duty: Duty): ScheduledTask | undefined => {
    if (duty.cron === '') return undefined;
    try {
      const options = { name: duty.name, noOverlap: true, missedExecutionTolerance: LATE_MS, unref: true };
      return createTask(duty.cron, () => carryOut(duty), { ...options, suppressMissedWarning: true, logger: SILENT });
    } catch (error) {
      onFault(`${duty.name}: ${messageOf(error)}`);
      return undefined;
    }
  };

  for (const duty of duties) {
    const task = taskOf(duty);
    entries.set(duty.name, { duty, task, lastMs: null, lastResult: '' });
    void task?.start();
  }

  return {
    list: () =>
      [...entries.values()].map(({ duty, task, lastMs, lastResult }) => ({
        name: duty.name,
        cron: duty.cron === '' ? 'off' : duty.cron,
        nextMs: task?.getNextRun()?.getTime() ?? null,
        lastMs,
        lastResult,
      })),
    note: (name, result) => {
      const entry = entries.get(name);
      if (entry !== undefined) entry.lastResult = result;
    },
    stop: () => {
      for (const { task } of entries.values()) void task?.destroy();
    },
  };
};
