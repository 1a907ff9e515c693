/** The tables of the status page. Cells carry their column's name, so that a phone can show rows as cards. */
import { size, span } from '../amount.ts';
import { html, type Markup, NOTHING } from '../html.ts';
import { ID } from '../incident/incident-head.ts';
import { outcomeWords } from '../incident/outcome-words.ts';
import type { StatusDocument } from './document.ts';
import { amountOf, dateOf, growthOf, relative, STATE_MARKS } from './status-wording.ts';

interface Column<T> {
  readonly title: string;
  /** n: numbers, to the right. w: words, which may be long. name: heads the row on a phone. minor: not shown there. */
  readonly kind?: 'n' | 'w' | 'name w' | 'n minor';
  readonly cell: (row: T, index: number) => Markup | string | number;
}

const tableOf = <T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): Markup => {
  const classOf = (kind: string | undefined): Markup => (kind === undefined ? NOTHING : html` class="${kind}"`);
  const head = columns.map(({ title, kind }) => html`<th scope="col"${classOf(kind)}>${title}</th>`);
  const body = rows.map((row, index) => {
    const cells = columns.map(
      ({ title, kind, cell }) => html`<td data-of="${title}"${classOf(kind)}>${cell(row, index)}</td>`,
    );
    return html`<tr>${cells}</tr>`;
  });
  // Wider than a screen, it is scrolled by itself, also by the keys.
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
};

const none = (text: string): Markup => html`<p class="none">${text}</p>`;

const timeOf = (timeMs: number | null, nowMs: number): Markup =>
  timeMs === null ? html`-` : html`<time title="${dateOf(timeMs)} UTC">${relative(timeMs, nowMs)}</time>`;

const sizeOfRow = (row: { rss_kib: number | null; swap_kib: number | null }): number =>
  (row.rss_kib ?? 0) + (row.swap_kib ?? 0);

export const candidates = ({ candidates: ranking, time_ms: nowMs }: StatusDocument): Markup => {
  if (ranking === null || ranking.top.length === 0) return none('Nobody is ranked yet, or nobody may be killed.');
  const columns: readonly Column<(typeof ranking.top)[number]>[] = [
    { title: 'Rank', kind: 'n minor', cell: (_, index) => index + 1 },
    { title: 'Process', kind: 'name w', cell: ({ comm, exe }) => html`<b title="${exe}">${comm}</b>` },
    { title: 'PID', kind: 'n', cell: ({ pid }) => pid },
    { title: 'Unit', kind: 'w', cell: ({ unit }) => (unit === '' ? '-' : unit) },
    { title: 'Memory', kind: 'n', cell: (row) => size(sizeOfRow(row)) },
    { title: 'in swap', kind: 'n minor', cell: ({ swap_kib: kib }) => (kib === 0 ? '0' : amountOf(kib)) },
    { title: 'Growth', kind: 'n', cell: ({ growth_kib: kib }) => growthOf(kib) },
    { title: 'oom_score_adj', kind: 'n', cell: ({ oom_score_adj: adj }) => adj },
    { title: 'Badness', kind: 'n', cell: ({ badness_pages: pages }) => (pages === null ? '-' : Math.round(pages)) },
  ];
  return html`<p class="note">Who would be taken now, best first; ranked ${timeOf(ranking.time_ms, nowMs)}. Growth is against the round before, badness in pages.</p>${tableOf('Candidates', columns, ranking.top)}`;
};

export const victims = ({ victims: rows, time_ms: nowMs }: StatusDocument): Markup => {
  if (rows.length === 0) return none('Nobody is dying.');
  const life = (name: string): Markup =>
    name === 'stuck'
      ? html`<b class="critical"><i aria-hidden="true">${STATE_MARKS.critical}</i> stuck</b>`
      : html`${name}`;
  return tableOf(
    'Victims',
    [
      { title: 'Process', kind: 'name w', cell: ({ comm }) => html`<b>${comm}</b>` },
      { title: 'PID', kind: 'n', cell: ({ pid }) => pid },
      { title: 'Killed by', cell: ({ killed_by: by }) => by },
      { title: 'State', cell: (row) => life(row.life) },
      { title: 'Since', cell: ({ since_ms: ms }) => timeOf(ms, nowMs) },
    ],
    rows,
  );
};

export const incidents = ({ incidents: rows, time_ms: nowMs }: StatusDocument): Markup => {
  if (rows.length === 0) return none('No incident is kept.');
  return tableOf(
    'Incidents',
    [
      {
        title: 'Incident',
        kind: 'name w',
        cell: ({ id, title }) => (ID.test(id) ? html`<a href="/incidents/${id}">${title}</a>` : title),
      },
      { title: 'Began', cell: ({ started_ms: ms }) => timeOf(ms, nowMs) },
      {
        title: 'Took',
        kind: 'n',
        cell: ({ started_ms: from, ended_ms: to }) => (to === null ? 'goes on' : span(to - from)),
      },
      { title: 'Victims', kind: 'n', cell: ({ victims: count }) => count },
      { title: 'Outcome', cell: ({ outcome }) => outcomeWords(outcome) },
      {
        title: 'Raw',
        cell: ({ id, title }) =>
          ID.test(id) ? html`<a href="/incidents/${id}.json" aria-label="JSON of: ${title}">JSON</a>` : '-',
      },
    ],
    rows,
  );
};

export const schedules = ({ schedules: rows, time_ms: nowMs }: StatusDocument): Markup => {
  if (rows.length === 0) return none('Nothing is scheduled.');
  return tableOf(
    'Schedules',
    [
      { title: 'What', kind: 'name w', cell: ({ name }) => html`<b>${name}</b>` },
      { title: 'When', cell: ({ cron }) => html`<code>${cron}</code>` },
      { title: 'Next', cell: ({ next_ms: ms }) => timeOf(ms, nowMs) },
      { title: 'Last', cell: ({ last_ms: ms }) => timeOf(ms, nowMs) },
      { title: 'Result', kind: 'w', cell: ({ last_result: result }) => (result === '' ? '-' : result) },
    ],
    rows,
  );
};

const absentSources = ({ sources_absent: rows }: StatusDocument): Markup =>
  rows.length === 0
    ? NOTHING
    : html`<p class="note">Not on this host, and not needed: ${rows.map(({ name, detail }, at) => html`${at === 0 ? '' : '; '}<b>${name}</b> (${detail})`)}.</p>`;

export const findings = (document: StatusDocument): Markup => {
  const { findings: rows } = document;
  const absent = absentSources(document);
  if (rows.length === 0) return html`${none('Nothing that oomwatchd needs is missing on this host.')}${absent}`;
  const table = tableOf(
    'Findings',
    [
      {
        title: 'State',
        cell: ({ status }) =>
          status === 'fatal'
            ? html`<b class="critical"><i aria-hidden="true">${STATE_MARKS.critical}</i> fatal</b>`
            : html`<b class="warning"><i aria-hidden="true">${STATE_MARKS.warning}</i> ${status}</b>`,
      },
      { title: 'What', kind: 'name w', cell: ({ name, found }) => html`<b>${name}</b>: ${found}` },
      { title: 'Meaning', kind: 'w', cell: ({ meaning }) => meaning },
      { title: 'Remedy', kind: 'w', cell: ({ remedy }) => (remedy === '' ? '-' : html`<code>${remedy}</code>`) },
    ],
    rows,
  );
  return html`${table}${absent}`;
};

/** As many as one looks at; GET /api/status has more, the log all. */
const EVENTS = 12;

export const events = ({ events: rows }: StatusDocument): Markup => {
  if (rows.length === 0) return none('Nothing has been told yet.');
  const lines = rows
    .slice(0, EVENTS)
    .map(
      ({ time_ms: ms, level, text }) =>
        html`<li class="${['warn', 'error'].includes(level) ? level : 'info'}"><time>${dateOf(ms)}</time> <span class="level">${level}</span> <span>${text}</span></li>`,
    );
  return html`<ol class="events">${lines}</ol>`;
};
