/** The status page: one answer, nothing from elsewhere, readable without a script. */
import { createHash } from 'node:crypto';
import { constant, html, type Markup } from '../html.ts';
import { charts } from './charts.ts';
import type { StatusDocument } from './document.ts';
import { SCRIPT } from './script.ts';
import { dateOf, markOf, modeOf, stateWord } from './status-wording.ts';
import { STYLE } from './style.ts';
import { candidates, events, findings, incidents, schedules, victims } from './tables.ts';
import { tiles } from './tiles.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * Content-Security-Policy of the page (CSP level 3): this very style and script, answers of this server, and nothing else;
 * in no frame, without forms.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  // The icon, which is empty: without one a browser asks for /favicon.ico.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Seconds between reloads where scripts are off. */
const RELOAD_S = 10;

const section = (id: string, title: string, body: Markup): Markup =>
  html`<section aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><div id="${id}" data-live>${body}</div></section>`;

const verdict = (document: StatusDocument): Markup => {
  const { state, problems } = document;
  const mark = html`<i aria-hidden="true">${markOf(state)}</i> <b>${stateWord(state)}</b>`;
  const lines = problems.map(
    ({ severity, text }) =>
      html`<li class="${severity}"><i aria-hidden="true">${markOf(severity)}</i> ${severity}: <span>${text}</span></li>`,
  );
  // Spoken when it changes, and then once: numbers that change every second are no part of it.
  return html`<div id="verdict" class="verdict ${state}" role="status" data-live>${mark} ${problems.length === 0 ? html`<p>nothing needs attention</p>` : html`<ul>${lines}</ul>`}</div>`;
};

const footer = ({ daemon, now }: StatusDocument): Markup => {
  const files = daemon.config_files.length === 0 ? 'built-in defaults' : daemon.config_files.join(', ');
  const hash = daemon.config_hash === null ? '' : `, configuration ${daemon.config_hash} from ${files}`;
  const lost = now.events_dropped ? `, ${now.events_dropped} events dropped` : '';
  const again = now.reporter_restarts ? `, reporter restarted ${now.reporter_restarts} times` : '';
  return html`<p>oomwatchd ${daemon.version}${hash}${lost}${again}. Read-only. Times are UTC. The same as <a href="/api/status">JSON</a>, as <a href="/metrics">metrics</a>, and by <code>oomwatchd status</code>.</p>`;
};

/** The whole page, at most 100 kB. */
export const pageOf = (document: StatusDocument): string => {
  const { host, state, daemon } = document;
  const mode = modeOf(daemon.mode);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${markOf(state)} ${host} - oomwatchd</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="${RELOAD_S}"></noscript><style>${constant(STYLE)}</style></head><body>
<a class="skip" href="#main">Skip to the numbers</a>
<header><h1>${host} <small>oomwatchd</small></h1><span class="mode" id="mode" data-live><b>${mode.name}</b>: ${mode.does}</span><span class="when" id="when" data-live><time>${dateOf(document.time_ms)}</time> UTC</span><button id="pause" type="button" aria-pressed="false" hidden>Pause</button></header>
<main id="main" tabindex="-1"><p id="lost" class="lost" role="alert" hidden>The daemon does not answer: what is shown is old.</p>
${verdict(document)}
${section('now', 'Now', tiles(document))}
${section('history', 'The last ten minutes', charts(document))}
${section('candidates', 'Candidates', candidates(document))}
<div class="pair">${section('victims', 'Victims', victims(document))}${section('incidents', 'Incidents', incidents(document))}</div>
${section('events', 'Last events (UTC)', events(document))}
<div class="pair">${section('schedules', 'Schedules', schedules(document))}${section('findings', 'Findings', findings(document))}</div>
</main><footer id="footer" data-live>${footer(document)}</footer>
<script>${constant(SCRIPT)}</script></body></html>
`.text;
};
