/** The parts of a report's page below the picture: tables and lists. A part without anything to tell is not there. */
import { size, span } from '../../amount.ts';
import { html, type Markup, NOTHING } from '../../html.ts';
import type { ChoiceRow, IncidentDocument, ProcessRow } from '../document/document.ts';
import { clockOf } from '../document/incident-wording.ts';

export const sized = (kib: number | null): string => (kib === null ? '–' : size(kib));

const timeCell = (timeMs: number): Markup =>
  html`<td class="t">${clockOf(timeMs)}.${String(Math.abs(Math.round(timeMs)) % 1000).padStart(3, '0')}</td>`;

const part = (title: string, body: Markup): Markup => html`<section><h2>${title}</h2>${body}</section>`;

/** Columns that begin with "#" hold numbers and stand to the right. */
export const table = (titles: readonly string[], rows: readonly Markup[]): Markup => {
  const head = titles.map((title) =>
    title.startsWith('#')
      ? html`<th class="n" scope="col">${title.slice(1)}</th>`
      : html`<th scope="col">${title}</th>`,
  );
  return html`<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
};

const pairs = (entries: readonly (readonly [string, string])[]): Markup =>
  html`<dl class="facts">${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

const processName = ({ comm, pid, unit }: Pick<ProcessRow, 'comm' | 'pid' | 'unit'>): Markup =>
  html`${comm} <span class="soft">pid ${pid}${unit === '' ? '' : `, ${unit}`}</span>`;

/** A report of an earlier release does not have these. */
const passedOver = ({ passed_over = [] }: Partial<ChoiceRow>): Markup => {
  const rows = passed_over.map(
    (each) => html`<tr><td>${processName(each)}</td><td class="n">${sized(each.size_kib)}</td>
<td class="n">${each.oom_score_adj}</td><td class="x">${each.why}</td></tr>`,
  );
  return rows.length === 0
    ? NOTHING
    : html`<p class="note">As large, and not taken:</p>${table(['Process', '#Size', '#oom_score_adj', 'Why not'], rows)}`;
};

const choice = (row: ChoiceRow): Markup => {
  const rows = row.candidates.map(
    (
      each,
    ) => html`<tr${each.chosen ? html` class="chosen"` : NOTHING}><td class="n">${each.rank === 0 ? '–' : each.rank}</td><td>${processName(each)}</td>
<td class="n">${each.badness_pages}</td><td class="n">${sized(each.rss_kib)}</td><td class="n">${sized(each.swap_kib)}</td><td class="n">${each.oom_score_adj}</td><td class="x">${each.why}</td></tr>`,
  );
  const out = Object.entries(row.excluded).map(([reason, amount]) => `${amount} ${reason}`);
  const spared = out.length === 0 ? NOTHING : html`<p class="note">Not eligible: ${out.join(', ')}.</p>`;
  const corrections = row.corrections.map((text) => html`<p class="note">${text}</p>`);
  const nobody = html`<p>There was no candidate.</p>`;
  return html`<h3>${clockOf(row.time_ms)} UTC, ${row.scanned} processes in ${span(row.scan_ms)}</h3>${
    rows.length === 0
      ? nobody
      : table(['#', 'Process', '#Badness, pages', '#Resident', '#Swap', '#oom_score_adj', 'Why'], rows)
  }${passedOver(row)}${spared}${corrections}`;
};

const choices = ({ choices: all }: IncidentDocument): Markup =>
  all.length === 0 ? NOTHING : part('Who was chosen, and why not the others', html`${all.map(choice)}`);

const signals = ({ signals: all }: IncidentDocument): Markup => {
  const rows = all.map(
    (row) => html`<tr>${timeCell(row.time_ms)}<td>SIG${row.signal}</td><td>${processName(row.victim)}</td>
<td>${row.errno !== '' ? row.errno : row.sent ? 'sent' : 'not sent (observe)'}</td><td class="n">${span(row.since_verdict_ms)}</td><td class="x">${row.text}</td></tr>`,
  );
  return rows.length === 0
    ? NOTHING
    : part('Signals', table(['Time (UTC)', 'Signal', 'To', 'Result', '#After verdict', 'Why'], rows));
};

const returned = ({ returned: all, lives }: IncidentDocument): Markup => {
  const rows = all.map(
    (
      row,
    ) => html`<tr>${timeCell(row.time_ms)}<td>${row.comm} <span class="soft">pid ${row.pid}</span></td><td class="n">${size(Math.max(0, row.returned_kib))}</td>
<td class="n">${size(row.expected_kib)}</td><td class="n">${span(row.after_ms)}</td><td>${(row.verdict ?? 'watched').replaceAll('_', ' ')}</td></tr>`,
  );
  const ends = lives.map(({ text }) => html`<li>${text}</li>`);
  if (rows.length === 0 && ends.length === 0) return NOTHING;
  const came =
    rows.length === 0
      ? NOTHING
      : table(['Time (UTC)', 'Process', '#Came back', '#Expected', '#Within', 'Verdict'], rows);
  const gone = ends.length === 0 ? NOTHING : html`<h3>How each of them ended</h3><ul class="advice">${ends}</ul>`;
  return part('Memory that came back', html`${came}${gone}`);
};

const kernel = ({ kernel: all }: IncidentDocument): Markup => {
  const rows = all.map(({ time_ms, text }) => html`<tr>${timeCell(time_ms)}<td class="x">${text}</td></tr>`);
  return rows.length === 0 ? NOTHING : part('What the kernel said', table(['Time (UTC)', 'Record'], rows));
};

const livelocks = ({ livelocks: all }: IncidentDocument): Markup => {
  const told = all.map((row) => {
    const head = html`<h3>${clockOf(row.time_ms)} UTC, ${row.stage}${row.for_ms > 0 ? ` after ${span(row.for_ms)}` : ''}</h3>`;
    if (row.stage === 'ends') return head;
    return html`${head}${pairs([
      ['Class', `${row.class}: ${row.class_text}`],
      ['Cause', `${row.cause}: ${row.cause_text}${row.subject === '' ? '' : ` (${row.subject})`}`],
      ['Confidence', row.confidence],
      ['Evidence', row.evidence.join('; ')],
      ['Killing helps', row.kill_helps ? 'yes' : 'no'],
      ['Remedy', row.remedy],
    ])}`;
  });
  return told.length === 0 ? NOTHING : part('Livelock', html`${told}`);
};

const growers = ({ growers: all }: IncidentDocument): Markup => {
  const rows = all.map(
    (row) =>
      html`<tr><td>${processName(row)}</td><td class="n">${size(row.size_kib)}</td><td class="n">${size(row.growth_kib)}</td></tr>`,
  );
  return rows.length === 0 ? NOTHING : part('Who grew before', table(['Process', '#Size', '#Grew by'], rows));
};

const events = ({ events: all, events_dropped: { count, after } }: IncidentDocument): Markup => {
  const row = ({ time_ms, level, text }: IncidentDocument['events'][number]): Markup =>
    html`<tr>${timeCell(time_ms)}<td>${level}</td><td class="x">${text}</td></tr>`;
  const gap =
    count > 0
      ? html`<tr><td></td><td></td><td class="soft">${count} events are not kept here; the log has them</td></tr>`
      : NOTHING;
  const rows = [...all.slice(0, after).map(row), gap, ...all.slice(after).map(row)];
  return part(
    'All events',
    html`<details><summary>${all.length} lines, as in the log</summary>${table(['Time (UTC)', 'Level', 'Event'], rows)}</details>`,
  );
};

/** Flattens what systeminformation gives: "os.distro". */
const hostPairs = (value: Record<string, unknown>, prefix = ''): (readonly [string, string])[] =>
  Object.entries(value).flatMap(([name, entry]): (readonly [string, string])[] =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? hostPairs(entry as Record<string, unknown>, `${prefix}${name}.`)
      : [
          [
            `${prefix}${name}`,
            Array.isArray(entry)
              ? entry.map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each))).join(', ')
              : String(entry),
          ],
        ],
  );

const surroundings = ({ host, config, oomwatchd }: IncidentDocument): Markup => {
  const files = config.files.length === 0 ? 'built-in defaults' : config.files.join(', ');
  const known: (readonly [string, string])[] = [
    ['oomwatchd', oomwatchd],
    ['Mode', config.mode],
    ['Configuration', config.hash === '' ? files : `${config.hash}, from ${files}`],
    ...(host === null ? [] : hostPairs(host)),
  ];
  return part('Host and configuration', pairs(known));
};

const notices = ({ notices: all }: IncidentDocument): Markup => {
  const rows = all.map(
    (row) =>
      html`<tr><td>${row.name}</td><td>${row.kind}</td><td>${row.result}</td><td class="n">${row.attempts}</td><td class="n">${span(row.duration_ms)}</td><td class="x">${row.detail}</td></tr>`,
  );
  return rows.length === 0
    ? NOTHING
    : part('Who was told', table(['Notice', 'Kind', 'Result', '#Attempts', '#Took', 'Detail'], rows));
};

export const sectionsOf = (document: IncidentDocument): readonly Markup[] =>
  [choices, signals, returned, livelocks, kernel, growers, notices, surroundings, events].map((section) =>
    section(document),
  );
