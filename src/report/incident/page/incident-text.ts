/** A report for a terminal: the same parts as its page, in the words of the log. Nothing in it acts on a terminal. */
import { ABSENT } from '../../../core/units.ts';
import { size, span } from '../../amount.ts';
import { visible } from '../../printable.ts';
import { wrapped } from '../../status/terminal.ts';
import type { CandidateRow, IncidentDocument } from '../document/document.ts';
import { clockOf } from '../document/incident-wording.ts';
import { outcomeWords } from '../outcome-words.ts';
import { marksOf } from './marks.ts';

const WIDTH = 100;

/** Whole words in lines of at most WIDTH columns, all behind `indent`. */
const paragraph = (text: string, indent = ''): string =>
  wrapped(text, WIDTH - indent.length)
    .map((line) => indent + line)
    .join('\n');

const part = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title.toUpperCase(), ...lines];

const milliseconds = (timeMs: number): string =>
  `${clockOf(timeMs)}.${String(Math.abs(Math.round(timeMs)) % 1000).padStart(3, '0')}`;

const timed = (timeMs: number, text: string): string => {
  const [first = '', ...rest] = paragraph(text, ' '.repeat(13)).split('\n');
  return [`${milliseconds(timeMs)} ${first.slice(13)}`, ...rest].join('\n');
};

const timeline = (document: IncidentDocument): string[] =>
  marksOf(document).map(({ timeMs, text, by }) => timed(timeMs, by === 'kernel' ? `kernel: ${text}` : text));

interface Named {
  readonly comm: string;
  readonly pid: number;
  readonly unit: string;
  readonly oom_score_adj: number;
}

const processOf = ({ comm, pid, unit, oom_score_adj }: Named, sizeKiB: number): string =>
  `${comm} (pid ${pid}${unit === '' ? '' : `, ${unit}`}, ${size(sizeKiB)}, oom_score_adj ${oom_score_adj})`;

const candidate = (each: CandidateRow): string => {
  const held = Math.max(0, each.rss_kib ?? 0) + Math.max(0, each.swap_kib ?? 0);
  const place = (each.rank === 0 ? '-' : `${each.rank}.`).padStart(3);
  return `${each.chosen ? '>' : ' '} ${place} ${processOf(each, held)}: ${each.badness_pages} pages; ${each.why}`;
};

const choices = ({ choices: all }: IncidentDocument): string[] =>
  all.flatMap((choice) => {
    // A report of an earlier release does not have these.
    const passedOver = choice.passed_over ?? [];
    return [
      `${milliseconds(choice.time_ms)} of ${choice.scanned} processes:`,
      ...choice.candidates.map(candidate),
      ...(passedOver.length === 0 ? [] : ['     as large, and not taken:']),
      ...passedOver.map((each) => `     ${processOf(each, each.size_kib ?? ABSENT)}: ${each.why}`),
      ...choice.corrections.map((text) => `     ${text}`),
    ];
  });

const livelocks = ({ livelocks: all }: IncidentDocument): string[] =>
  all.flatMap((row) => {
    if (row.stage === 'ends') return [timed(row.time_ms, `ends after ${span(row.for_ms)}`)];
    const where = row.subject === '' ? '' : ` (${row.subject})`;
    return [
      timed(row.time_ms, `${row.stage}: ${row.class_text}; ${row.cause_text}${where}`),
      paragraph(`confidence ${row.confidence}: ${row.evidence.join('; ')}`, ' '.repeat(13)),
      paragraph(`remedy: ${row.remedy}`, ' '.repeat(13)),
    ];
  });

const notices = ({ notices: all }: IncidentDocument): string[] =>
  all.map(({ name, kind, result, attempts, detail }) => `${name} (${kind}): ${result}, attempt ${attempts}; ${detail}`);

export const textOf = (document: IncidentDocument): string => {
  const { started_ms, ended_ms, config } = document;
  const from = new Date(started_ms).toISOString().slice(0, 19).replace('T', ' ');
  const state = outcomeWords(document.outcome);
  const until = ended_ms === null ? 'still going on' : `${span(Math.max(0, ended_ms - started_ms))}, ${state}`;
  const files = config.files.length === 0 ? 'built-in defaults' : config.files.join(', ');
  const lines = [
    `Incident ${document.id}: ${document.title}`,
    `${from} UTC, ${until}`,
    '',
    ...document.story.map((sentence) => paragraph(sentence)),
    ...part(
      'What to do',
      document.advice.map((text) => paragraph(`- ${text}`)),
    ),
    ...part('Timeline (UTC)', timeline(document)),
    ...part('The choice (UTC)', choices(document)),
    ...part('Livelock (UTC)', livelocks(document)),
    ...part('Who was told', notices(document)),
    ...part('Configuration', [`mode ${config.mode}, ${config.hash} from ${files}`]),
  ];
  return `${lines
    .map((line) =>
      line
        .split('\n')
        .map((part) => visible(part))
        .join('\n'),
    )
    .join('\n')}\n`;
};
