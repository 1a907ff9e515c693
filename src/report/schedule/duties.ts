/** The four things that are done by the clock, and what each of them tells. */
import type { StampedEvent } from '../../core/event.ts';
import type { NoticeKind, SchedulesPolicy } from '../../core/notice-policy.ts';
import { drillResult, faultSentence, summarySentence } from '../notice-wording.ts';
import type { LogLevel } from '../sentence.ts';
import { type KeptTallyPorts, keepTally } from './kept-tally.ts';
import { createSchedules, type Schedules } from './schedules.ts';
import { createSelfCheck, type SelfCheckPorts } from './self-check.ts';

export interface DutyPorts extends SelfCheckPorts, KeptTallyPorts {
  readonly tell: (
    kind: NoticeKind,
    level: LogLevel,
    summary: string,
    figures: Readonly<Record<string, unknown>>,
  ) => void;
  /** Deletes incident reports beyond the limits; undefined: there is no store. */
  readonly prune: (() => Promise<number>) | undefined;
  readonly askForDrill: () => string;
}

export interface Duties extends Schedules {
  event(event: StampedEvent): void;
}

/** Control takes one request an hour: a drill that was put off is asked for again when it can be, for half a day. */
const AGAIN_MS = 61 * 60_000;
const AGAIN_MAX = 12;
/** The same faults are told to people once a day; the log has them each time. */
const SAME_FAULTS_MS = 24 * 3_600_000;

export const startDuties = (policy: SchedulesPolicy, ports: DutyPorts): Duties => {
  const tally = keepTally(ports);
  const check = createSelfCheck(ports);
  let faultsTold = '';
  let faultsToldMs = Number.NEGATIVE_INFINITY;
  let again: NodeJS.Timeout | undefined;
  let timesAgain = 0;

  const summarise = (): string => {
    const { hours, figures } = tally.figures(Date.now());
    const [level, sentence] = summarySentence(hours, figures);
    ports.note({ kind: 'summary', hours, figures });
    ports.tell('summary', level, sentence, { hours, ...figures });
    return sentence;
  };

  const prune = async (): Promise<string> => {
    if (ports.prune === undefined) return 'there are no incident reports';
    const reports = await ports.prune();
    if (reports > 0) ports.note({ kind: 'pruned', reports });
    return `${reports} deleted`;
  };

  const lookAtSelf = async (): Promise<string> => {
    const faults = await check();
    if (faults.length === 0) {
      faultsTold = '';
      return 'ok';
    }
    const sentence = faults.map(faultSentence).join('; ');
    ports.note({ kind: 'self_check', faults: sentence });
    const which = faults.map((fault) => fault.check).join(' ');
    if (which !== faultsTold || performance.now() - faultsToldMs > SAME_FAULTS_MS) {
      faultsTold = which;
      faultsToldMs = performance.now();
      ports.tell('self_check', 'warn', sentence, Object.fromEntries(faults.map((each) => [each.check, each.value])));
    }
    return sentence;
  };

  const drill = (): string => {
    clearTimeout(again);
    timesAgain = 0;
    return ports.askForDrill();
  };

  const schedules = createSchedules(
    [
      { name: 'summary', cron: policy.summary, run: summarise },
      { name: 'prune', cron: policy.prune, run: prune },
      { name: 'drill', cron: policy.drill, run: drill },
      { name: 'self_check', cron: policy.selfCheck, run: lookAtSelf },
    ],
    (error) => ports.note({ kind: 'bug', error }),
  );

  const drilled = (event: Extract<StampedEvent, { kind: 'drilled' }>): void => {
    schedules.note('drill', drillResult(event));
    if (event.outcome !== 'not_calm' || timesAgain >= AGAIN_MAX) return;
    timesAgain++;
    clearTimeout(again);
    again = setTimeout(() => schedules.note('drill', ports.askForDrill()), AGAIN_MS).unref();
  };

  return {
    ...schedules,
    event: (event) => {
      tally.event(event);
      if (event.kind === 'drilled') drilled(event);
    },
    stop: () => {
      clearTimeout(again);
      schedules.stop();
      tally.stop();
    },
  };
};
