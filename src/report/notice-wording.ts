/** Words for notices and for what is done by the clock. */
import type { DrillOutcome } from '../core/own-process-event.ts';
import { count, span } from './amount.ts';
import type { NoticeResult } from './incident/incident-head.ts';
import type { Fault } from './schedule/self-check.ts';
import type { Figures, Tallied } from './schedule/tally.ts';
import { behindColon, type EventOf, joined, ownDetail, type Sentence } from './sentence.ts';

export type NoticeNote =
  | ({ kind: 'notice'; about: string } & Omit<NoticeResult, 'kind'> & { to: NoticeResult['kind'] })
  | { kind: 'summary'; hours: number; figures: Figures }
  | { kind: 'tally_unusable'; file: string; error: string }
  | { kind: 'pruned'; reports: number }
  | { kind: 'self_check'; faults: string };

const FIGURE_WORDS: Readonly<Record<Tallied, (amount: number) => string>> = {
  kills: (n) => count(n, 'SIGKILL'),
  terms: (n) => count(n, 'SIGTERM'),
  would_signal: (n) => `${count(n, 'signal')} that observe mode held back`,
  kernel_kills: (n) => count(n, 'kill of the kernel', 'kills of the kernel'),
  shortages: (n) => count(n, 'shortage'),
  livelocks: (n) => count(n, 'livelock'),
  stuck_victims: (n) => count(n, 'victim that did not go', 'victims that did not go'),
  no_action: (n) => `${count(n, 'time')} nothing was done`,
  reload_failures: (n) => count(n, 'rejected configuration'),
  events_dropped: (n) => count(n, 'lost event'),
};

const TROUBLE: readonly Tallied[] = ['livelocks', 'stuck_victims', 'no_action', 'reload_failures', 'events_dropped'];

/** `hours`: how many of the last 24 somebody has listened. */
export const summarySentence = (hours: number, figures: Figures): Sentence => {
  const names = Object.keys(FIGURE_WORDS) as Tallied[];
  const told = names.filter((name) => figures[name] > 0).map((name) => FIGURE_WORDS[name](figures[name]));
  const part = hours === 0 ? 'less than one' : String(hours);
  const when = hours >= 24 ? 'the last 24 h' : `${part} of the last 24 h`;
  const level = TROUBLE.some((name) => figures[name] > 0) ? 'warn' : 'info';
  return [level, `in ${when}: ${told.length === 0 ? 'no shortage, nothing was done' : joined(told, ', ')}`];
};

export const faultSentence = ({ check, value }: Fault): string => {
  switch (check) {
    case 'memory':
      return `the report process has ${value} MiB resident, which is a leak`;
    case 'control':
      return value === -1 ? 'control has sent no numbers yet' : `no numbers from control for ${span(Number(value))}`;
    case 'directory':
      return `incident reports cannot be written${behindColon(String(value))}`;
    case 'disk':
      return `only ${value} MiB are left for incident reports`;
  }
};

const DRILLS: Readonly<Record<DrillOutcome, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  not_calm: 'put off, as the host is not calm',
};

export const drillResult = ({ outcome, durationMs, detail: why }: EventOf<'drilled'>): string =>
  outcome === 'not_calm' ? DRILLS[outcome] : `${DRILLS[outcome]} in ${span(durationMs)}${behindColon(why)}`;

export const drillSentence = (event: EventOf<'drilled'>): Sentence => [
  event.outcome === 'failed' ? 'error' : 'info',
  `drill of a kill ${drillResult(event)}`,
];

const times = (attempts: number): string => (attempts > 1 ? ` in ${attempts} attempts` : '');

export const noticeNoteSentence = (note: NoticeNote): Sentence => {
  switch (note.kind) {
    case 'notice': {
      const whom = `notice of ${note.about} to ${note.to} ${ownDetail(note.name)}`;
      if (note.result === 'ok') return ['info', `${whom} delivered${times(note.attempts)} (${span(note.durationMs)})`];
      const came = note.result === 'dropped' ? 'dropped' : `not delivered${times(note.attempts)}`;
      return ['warn', `${whom} ${came}${note.detail === '' ? '' : `: ${ownDetail(note.detail)}`}`];
    }
    case 'summary':
      return summarySentence(note.hours, note.figures);
    case 'tally_unusable':
      return [
        'warn',
        `the figures of the summary begin anew: ${ownDetail(note.file)} cannot be used (${ownDetail(note.error)})`,
      ];
    case 'pruned':
      return ['info', `${count(note.reports, 'incident report')} beyond the limits deleted`];
    case 'self_check':
      return ['warn', `self-check: ${ownDetail(note.faults)}`];
  }
};
