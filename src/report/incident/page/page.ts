/** A report as one page of HTML that needs nothing else: no script, no resource, no network. */
import { createHash } from 'node:crypto';
import { percent, size, span } from '../../amount.ts';
import { constant, html, type Markup, NOTHING } from '../../html.ts';
import type { IncidentDocument, PointColumns } from '../document/document.ts';
import { clockOf } from '../document/incident-wording.ts';
import { outcomeWords } from '../outcome-words.ts';
import { type Mark, marksOf } from './marks.ts';
import { sectionsOf, sized, table } from './page-sections.ts';
import { STYLE } from './page-style.ts';
import { pictureOf } from './picture.ts';

/** The browser is told to load and run nothing but this one style sheet, should a text ever escape its place. */
const CONTENT_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** Rows of the table behind the picture: a screen reader goes through them one by one. */
const ROWS_MAX = 90;

const dateOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

const when = ({ started_ms, ended_ms }: IncidentDocument): Markup => {
  const begin = html`<time datetime="${new Date(started_ms).toISOString()}">${dateOf(started_ms)} ${clockOf(started_ms)}</time>`;
  if (ended_ms === null) return html`<p class="when">since ${begin} UTC</p>`;
  return html`<p class="when">${begin} to <time datetime="${new Date(ended_ms).toISOString()}">${clockOf(ended_ms)}</time> UTC, ${span(Math.max(0, ended_ms - started_ms))}</p>`;
};

const figures = (document: IncidentDocument): Markup => {
  const { memory, signals, returned, victims, points } = document;
  const first = signals.find(({ company }) => company === '');
  const back = returned.reduce((sum, { returned_kib }) => sum + Math.max(0, returned_kib), 0);
  const full = Math.max(-1, ...points.memory_full.filter((value) => value !== null));
  const told: (readonly [string, string])[] = [
    ['Lowest MemAvailable', sized(memory.available_lowest_kib)],
    ['Processes killed', String(victims)],
    ...(returned.length > 0 ? [['Memory that came back', size(back)] as const] : []),
    ...(first === undefined ? [] : [['Verdict to signal', span(first.since_verdict_ms)] as const]),
    ...(full <= 0 ? [] : [['All tasks stalled, at most', percent(full * 10_000)] as const]),
  ];
  return html`<dl class="figures">${told.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
};

const shown = (share: number | null): string => (share === null ? '–' : percent(share * 10_000));

const numbersOf = (points: PointColumns): Markup => {
  const step = Math.max(1, Math.ceil(points.time_ms.length / ROWS_MAX));
  const rows = points.time_ms.flatMap((timeMs, at) =>
    at % step !== 0
      ? []
      : [
          html`<tr><td class="t">${clockOf(timeMs)}.${String(Math.floor((timeMs % 1000) / 100))}</td><td class="n">${sized(points.mem_available_kib[at] ?? null)}</td><td class="n">${sized(points.swap_free_kib[at] ?? null)}</td>
<td class="n">${shown(points.memory_some[at] ?? null)}</td><td class="n">${shown(points.memory_full[at] ?? null)}</td><td class="n">${shown(points.io_full[at] ?? null)}</td><td class="n">${points.stalling[at] ?? '–'}</td></tr>`,
        ],
  );
  if (rows.length === 0) return NOTHING;
  const titles = ['Time (UTC)', '#MemAvailable', '#SwapFree', '#Some', '#Full', '#I/O full', '#Stalling threads'];
  return html`<details><summary>The numbers of this picture</summary>${table(titles, rows)}</details>`;
};

const markList = (marks: readonly Mark[]): Markup => {
  const rows = marks.map(
    ({ number, timeMs, by, text }) =>
      html`<tr><td class="n">${number}</td><td class="t">${clockOf(timeMs)}</td><td class="x">${by === 'kernel' ? html`<span class="soft">kernel: </span>` : NOTHING}${text}</td></tr>`,
  );
  return rows.length === 0 ? NOTHING : table(['#', 'Time (UTC)', 'What'], rows);
};

const story = ({ story: sentences }: IncidentDocument): Markup =>
  html`<div class="story">${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>`;

const advice = ({ advice: all }: IncidentDocument): Markup =>
  all.length === 0
    ? NOTHING
    : html`<section><h2>What to do</h2><ul class="advice">${all.map((text) => html`<li>${text}</li>`)}</ul></section>`;

/** The page; a document that was written by this version is taken as it is. */
export const pageOf = (document: IncidentDocument): string => {
  const marks = marksOf(document);
  const state = outcomeWords(document.outcome);
  return `${
    html`${constant('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${document.title} · ${document.id}</title>
<style>${constant(STYLE)}</style>
</head>
<body>
<main>
<header>
<span class="state">${state}</span>
<h1>${document.title}</h1>
${when(document)}
</header>
${story(document)}
${figures(document)}
<section><h2>Timeline</h2>
${pictureOf(document, marks)}
<p class="note">Solid marks are of oomwatchd, dotted ones of the kernel; shaded is the time below a mark. All times are UTC.</p>
${numbersOf(document.points)}
${markList(marks)}
</section>
${advice(document)}
${sectionsOf(document)}
<footer>Incident ${document.id}, written by oomwatchd ${document.oomwatchd}. The same as JSON: oomwatchd incidents show ${document.id} --json</footer>
</main>
</body>
</html>`.text
  }\n`;
};
