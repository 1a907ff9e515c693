/** The status document as lines for a terminal: `oomwatchd status` prints them all, `oomwatchd top` what fits. */
import { size, sizeOf, span } from '../amount.ts';
import { type Column, tableLines } from '../text-table.ts';
import type { History, Severity, StatusDocument } from './document.ts';
import {
  calmWords,
  dateOf,
  growthOf,
  LEVEL_WORDS,
  markOf,
  modeWords,
  relative,
  STATE_MARKS,
  shareOf,
  signedAmountOf,
  stateWord,
  UNKNOWN,
  wordOf,
} from './status-wording.ts';
import { padded, sparkline, type TerminalLine, type Tone } from './terminal.ts';

export interface OverviewOptions {
  /** Blocks and marks; where the terminal knows no UTF-8, plain characters. */
  readonly isUnicode: boolean;
}

/** Characters of a line over ten minutes: 15 s each. */
const SPARK = 40;
const LABEL = 15;
const VALUE = 24;
const WINDOW_MS = 600_000;
const ROWS = 10;
const EVENTS = 8;

const title = (text: string): TerminalLine[] => [{ text: '' }, { text, tone: 'title' }];

const PLAIN_MARKS = { ok: '*', warning: '!', critical: '#' } as const;

const TONES: Readonly<Record<Severity, Tone>> = { ok: 'ok', warning: 'warning', critical: 'critical' };

const toneOf = (state: string): Pick<TerminalLine, 'tone'> => {
  const tone = wordOf(TONES, state);
  return tone === undefined ? {} : { tone };
};

const headLines = (document: StatusDocument, { isUnicode }: OverviewOptions): TerminalLine[] => {
  const { daemon, state, problems } = document;
  const marks = isUnicode ? STATE_MARKS : PLAIN_MARKS;
  const config = daemon.config_hash === null ? '' : `, configuration ${daemon.config_hash}`;
  return [
    { text: `${document.host}  ${dateOf(document.time_ms)} UTC`, tone: 'title' },
    { text: `oomwatchd ${daemon.version}${config}; ${modeWords(daemon)}` },
    { text: `${markOf(state, marks)} ${stateWord(state)}  ${calmWords(document)}`, ...toneOf(state) },
    ...problems.map(
      ({ severity, text }): TerminalLine => ({ text: `  ${markOf(severity, marks)} ${text}`, ...toneOf(severity) }),
    ),
  ];
};

/** The worst of each of SPARK equal spans before now. */
const sparkOf = (
  history: History,
  column: readonly (number | null)[],
  nowMs: number,
  worst: 'least' | 'most',
): (number | null)[] => {
  const spark: (number | null)[] = Array.from({ length: SPARK }, () => null);
  for (const [at, value] of column.entries()) {
    const age = nowMs - (history.time_ms[at] ?? 0);
    const own = SPARK - 1 - Math.floor((age / WINDOW_MS) * SPARK);
    const last = spark[own];
    if (value === null || last === undefined) continue;
    spark[own] = last === null ? value : worst === 'least' ? Math.min(last, value) : Math.max(last, value);
  }
  return spark;
};

const numberLines = ({ now, history, time_ms: nowMs }: StatusDocument, options: OverviewOptions): TerminalLine[] => {
  const line = (
    label: string,
    value: string,
    column?: readonly (number | null)[],
    scale: readonly [number, number] = [0, 1],
    worst: 'least' | 'most' = 'most',
  ): TerminalLine => {
    const spark =
      history === null || column === undefined
        ? ''
        : sparkline(sparkOf(history, column, nowMs, worst), scale, options.isUnicode);
    return { text: `  ${padded(label, LABEL)}${padded(value, VALUE)}${spark}`.trimEnd() };
  };
  const part = (kib: number | null, total: number | null): string =>
    kib === null || total === null ? UNKNOWN : sizeOf(kib, total);
  const total = now.mem_total_kib ?? 1;
  const level = now.level === null ? UNKNOWN : `${now.level}: ${wordOf(LEVEL_WORDS, now.level) ?? ''}`;
  const exhaustion = now.exhaustion_ms === null ? 'memory is not shrinking' : `in ${span(now.exhaustion_ms)}`;
  const stalled = now.stalling
    ? `${now.stalling}, longest ${span(now.stall_longest_ms ?? 0)}`
    : String(now.stalling ?? UNKNOWN);
  return [
    ...title(history === null ? 'Now' : 'Now, and the last ten minutes'),
    line('Level', level),
    line(
      'MemAvailable',
      part(now.mem_available_kib, now.mem_total_kib),
      history?.mem_available_kib,
      [0, total],
      'least',
    ),
    line('Headroom', signedAmountOf(now.headroom_kib), history?.headroom_kib, [0, total], 'least'),
    ...(now.swap_total_kib
      ? [
          line(
            'SwapFree',
            part(now.swap_free_kib, now.swap_total_kib),
            history?.swap_free_kib,
            [0, now.swap_total_kib],
            'least',
          ),
        ]
      : []),
    line('Exhausted', exhaustion),
    line('Pressure some', shareOf(now.memory_some), history?.memory_some),
    line('Pressure full', shareOf(now.memory_full), history?.memory_full),
    line('Stalled', stalled, history?.stalling, [0, 16]),
  ];
};

const rowsOf = (columns: readonly Column[], rows: readonly (readonly string[])[]): TerminalLine[] => {
  const [head, ...lines] = tableLines(columns, rows);
  return [{ text: `  ${head}`, tone: 'dim' }, ...lines.map((text) => ({ text: `  ${text}` }))];
};

const candidateLines = ({ candidates, time_ms: nowMs }: StatusDocument): TerminalLine[] => {
  if (candidates === null || candidates.top.length === 0) {
    return [...title('Candidates'), { text: '  nobody is ranked yet, or nobody may be killed' }];
  }
  const rows = candidates.top
    .slice(0, ROWS)
    .map((row, index) => [
      ...[String(index + 1), String(row.pid), row.comm, row.unit === '' ? UNKNOWN : row.unit],
      ...[size((row.rss_kib ?? 0) + (row.swap_kib ?? 0)), growthOf(row.growth_kib), String(row.oom_score_adj)],
      row.badness_pages === null ? UNKNOWN : String(Math.round(row.badness_pages)),
    ]);
  const right = { isRight: true } as const;
  const columns = [
    ...[{ title: 'RANK', ...right }, { title: 'PID', ...right }, { title: 'PROCESS' }, { title: 'UNIT' }],
    ...[
      { title: 'MEMORY', ...right },
      { title: 'GROWTH', ...right },
      { title: 'ADJ', ...right },
      { title: 'BADNESS', ...right },
    ],
  ];
  return [...title(`Candidates, ranked ${relative(candidates.time_ms, nowMs)}`), ...rowsOf(columns, rows)];
};

const victimLines = ({ victims, time_ms: nowMs }: StatusDocument): TerminalLine[] => [
  ...title('Victims'),
  ...(victims.length === 0 ? [{ text: '  nobody is dying' }] : []),
  ...victims.map(
    ({ comm, pid, life, killed_by: by, since_ms: ms }): TerminalLine => ({
      text: `  ${comm} (pid ${pid}), killed by ${by} ${relative(ms, nowMs)}: ${life}`,
      ...(life === 'stuck' ? { tone: 'critical' } : {}),
    }),
  ),
];

const listLines = (document: StatusDocument): TerminalLine[] => {
  const { incidents, schedules, findings, sources_absent: absent, events, time_ms: nowMs } = document;
  return [
    ...(incidents.length === 0 ? [] : title('Incidents')),
    ...incidents
      .slice(0, ROWS)
      .map(({ id, title: words, started_ms: ms }) => ({ text: `  ${id}  ${relative(ms, nowMs)}  ${words}` })),
    ...(schedules.length === 0 ? [] : title('Schedules')),
    ...schedules.map(({ name, cron, next_ms: next, last_result: result }) => ({
      text: `  ${name} (${cron}), next ${relative(next, nowMs)}${result === '' ? '' : `, last ${result}`}`,
    })),
    ...(findings.length === 0 ? [] : title('Findings')),
    ...findings.map(
      ({ name, status, found, remedy }): TerminalLine => ({
        text: `  ${status}: ${name} is ${found}${remedy === '' ? '' : `; remedy: ${remedy}`}`,
        tone: status === 'fatal' ? 'critical' : 'warning',
      }),
    ),
    ...(absent.length === 0 ? [] : title('Not on this host, and not needed')),
    ...absent.map(({ name, detail }) => ({ text: `  ${name}: ${detail}` })),
    ...(events.length === 0 ? [] : title('Last events (UTC)')),
    ...events.slice(0, EVENTS).map(
      ({ time_ms: ms, level, text }): TerminalLine => ({
        text: `  ${dateOf(ms)}  ${padded(level, 5)}  ${text}`,
        ...(level === 'error' ? { tone: 'critical' } : level === 'warn' ? { tone: 'warning' } : {}),
      }),
    ),
  ];
};

/** All lines, not cut. */
export const overview = (document: StatusDocument, options: OverviewOptions): TerminalLine[] => [
  ...headLines(document, options),
  ...numberLines(document, options),
  ...candidateLines(document),
  ...victimLines(document),
  ...listLines(document),
];
