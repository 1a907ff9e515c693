/**
 * The picture of an incident: lanes of memory, pressure and stalls over time, with numbered marks. Horizontal places are in
 * percent and texts in pixels, so that it is as readable on a phone as on a desk; curves are stretched, their lines are not.
 */
import { size } from '../../amount.ts';
import { html, type Markup, NOTHING } from '../../html.ts';
import type { IncidentDocument, PointColumns } from '../document/document.ts';
import { clockOf } from '../document/incident-wording.ts';
import type { Mark } from './marks.ts';

type Column = readonly (number | null)[];

interface Frame {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What came before, and what came after: a quarter and a tenth of the time it took, and enough to see a slope. */
const frameOf = ({ started_ms, ended_ms, points, events }: IncidentDocument): Frame => {
  const endMs = ended_ms ?? Math.max(started_ms, points.time_ms.at(-1) ?? 0, events.at(-1)?.time_ms ?? 0);
  const tookMs = Math.max(0, endMs - started_ms);
  return { fromMs: started_ms - Math.max(10_000, tookMs / 4), toMs: endMs + Math.max(5000, tookMs / 10) };
};

const place = ({ fromMs, toMs }: Frame, timeMs: number): number =>
  Math.min(1, Math.max(0, (timeMs - fromMs) / Math.max(1, toMs - fromMs)));

const percentOf = (share: number): string => `${(share * 100).toFixed(2)}%`;

interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Path data in a box of 1000 by 100; `isArea` closes it to the bottom. Unknown values leave a gap. */
const pathOf = (
  times: readonly number[],
  column: Column,
  frame: Frame,
  { low, high }: Scale,
  isArea: boolean,
): string => {
  const parts: string[] = [];
  let first = '';
  let lastX = '';
  times.forEach((timeMs, at) => {
    const value = column[at] ?? null;
    const isInside = timeMs >= frame.fromMs && timeMs <= frame.toMs;
    if (value === null || !isInside) {
      if (isArea && lastX !== '') parts.push(`L${lastX} 100L${first} 100Z`);
      lastX = '';
      return;
    }
    const x = (place(frame, timeMs) * 1000).toFixed(1);
    const y = (100 - (100 * (Math.min(high, Math.max(low, value)) - low)) / Math.max(1e-9, high - low)).toFixed(1);
    parts.push(`${lastX === '' ? 'M' : 'L'}${x} ${y}`);
    if (lastX === '') first = x;
    lastX = x;
  });
  if (isArea && lastX !== '') parts.push(`L${lastX} 100L${first} 100Z`);
  return parts.join('');
};

interface Curve {
  readonly column: Column;
  readonly kind: 'area' | 'line' | 'second' | 'third';
}

interface Lane {
  readonly top: number;
  readonly height: number;
  readonly title: string;
  readonly scale: Scale;
  readonly topLabel: string;
  readonly bottomLabel: string;
  readonly curves: readonly Curve[];
}

const laneOf = (
  { top, height, title, scale, topLabel, bottomLabel, curves }: Lane,
  times: readonly number[],
  frame: Frame,
): Markup => {
  const paths = curves.map(
    ({ column, kind }) => html`<path class="${kind}" d="${pathOf(times, column, frame, scale, kind === 'area')}"/>`,
  );
  return html`<text class="title" x="0" y="${top - 8}">${title}</text>
<line class="grid" x1="0" x2="100%" y1="${top}" y2="${top}"/><line class="grid" x1="0" x2="100%" y1="${top + height}" y2="${top + height}"/>
<svg x="0" y="${top}" width="100%" height="${height}" viewBox="0 0 1000 100" preserveAspectRatio="none">${paths}</svg>
<text class="label" x="100%" y="${top + 12}" text-anchor="end">${topLabel}</text><text class="label" x="100%" y="${top + height - 4}" text-anchor="end">${bottomLabel}</text>`;
};

/** Marks that lie closer than their numbers are wide share one label. */
const CLUSTER = 0.055;

const clusters = (marks: readonly Mark[], frame: Frame): { readonly at: number; readonly label: string }[] => {
  const found: { at: number; from: number; to: number }[] = [];
  for (const { timeMs, number } of marks) {
    const at = place(frame, timeMs);
    const last = found.at(-1);
    if (last !== undefined && at - last.at < CLUSTER) last.to = number;
    else found.push({ at, from: number, to: number });
  }
  return found.map(({ at, from, to }) => ({ at, label: from === to ? String(from) : `${from}–${to}` }));
};

const anchorAt = (at: number): string => (at < 0.02 ? 'start' : at > 0.95 ? 'end' : 'middle');

const numbers = (column: Column, times: readonly number[], frame: Frame): number[] =>
  column.filter((value, at): value is number => {
    const timeMs = times[at] ?? 0;
    return value !== null && timeMs >= frame.fromMs && timeMs <= frame.toMs;
  });

/** From zero, unless all that happens is a small part of a large memory. */
const memoryScale = (values: readonly number[]): Scale => {
  const high = Math.max(1, ...values);
  const low = Math.min(...values, high);
  return low < high / 2
    ? { low: 0, high: high * 1.05 }
    : { low: low - (high - low) * 0.15, high: high + (high - low) * 0.1 + 1 };
};

/** Times in which memory was below a mark: level "term" or "kill", 2 and 3 of LEVELS. */
const shortTimes = ({ time_ms, level }: PointColumns, frame: Frame): Markup[] => {
  const bands: Markup[] = [];
  let from: number | undefined;
  time_ms.forEach((timeMs, at) => {
    const isShort = (level[at] ?? 0) >= 2;
    if (isShort) from ??= timeMs;
    if (from === undefined || (isShort && at < time_ms.length - 1)) return;
    const x = place(frame, from);
    const width = place(frame, timeMs) - x;
    if (width > 0)
      bands.push(html`<rect class="short" x="${percentOf(x)}" width="${percentOf(width)}" y="24" height="334"/>`);
    from = undefined;
  });
  return bands;
};

const lanesOf = ({ points, memory }: IncidentDocument, frame: Frame): Lane[] => {
  const { time_ms: times } = points;
  const hasSwap = (memory.swap_total_kib ?? 0) > 0;
  const held = numbers(points.mem_available_kib, times, frame);
  const scale = memoryScale(hasSwap ? [...held, ...numbers(points.swap_free_kib, times, frame)] : held);
  const pressed = [points.memory_some, points.memory_full, points.io_full].flatMap((column) =>
    numbers(column, times, frame),
  );
  const most = Math.min(1, Math.max(0.1, ...pressed));
  const stalling = Math.max(0, ...numbers(points.stalling, times, frame));
  const swap: Curve[] = hasSwap ? [{ column: points.swap_free_kib, kind: 'second' }] : [];
  return [
    {
      ...{
        top: 62,
        height: 120,
        title: `${hasSwap ? 'MemAvailable, SwapFree (dashed)' : 'MemAvailable'}${scale.low > 0 ? ', not from zero' : ''}`,
        scale,
      },
      ...{ topLabel: size(Math.round(scale.high)), bottomLabel: size(Math.max(0, Math.round(scale.low))) },
      curves: [
        { column: points.mem_available_kib, kind: 'area' },
        { column: points.mem_available_kib, kind: 'line' },
        ...swap,
      ],
    },
    {
      ...{ top: 218, height: 70, title: 'Tasks stalled: some (area), full (line), I/O full (dotted)' },
      ...{ scale: { low: 0, high: most }, topLabel: `${Math.round(most * 100)} %`, bottomLabel: '0' },
      curves: [
        { column: points.memory_some, kind: 'area' },
        { column: points.io_full, kind: 'third' },
        { column: points.memory_full, kind: 'line' },
      ],
    },
    {
      ...{ top: 324, height: 34, title: 'Threads that stall in allocation' },
      ...{ scale: { low: 0, high: Math.max(1, stalling) }, topLabel: String(stalling), bottomLabel: '' },
      curves: [
        { column: points.stalling, kind: 'area' },
        { column: points.stalling, kind: 'line' },
      ],
    },
  ];
};

const described = ({ memory, points }: IncidentDocument, frame: Frame, marks: readonly Mark[]): string => {
  const low =
    memory.available_lowest_kib === null
      ? ''
      : ` MemAvailable is at its lowest with ${size(memory.available_lowest_kib)}.`;
  const full = Math.max(0, ...numbers(points.memory_full, points.time_ms, frame));
  return `From ${clockOf(frame.fromMs)} to ${clockOf(frame.toMs)} UTC.${low} All tasks stall at most ${Math.round(full * 100)} % of the time. ${marks.length} marks, listed below the picture; all numbers are in the table behind it.`;
};

export const pictureOf = (document: IncidentDocument, marks: readonly Mark[]): Markup => {
  const frame = frameOf(document);
  const { time_ms: times } = document.points;
  const hasPoints = times.some((timeMs) => timeMs >= frame.fromMs && timeMs <= frame.toMs);
  const lanes = hasPoints ? lanesOf(document, frame).map((lane) => laneOf(lane, times, frame)) : [];
  const lines = marks.map(
    ({ timeMs, by }) =>
      html`<line class="mark ${by}" x1="${percentOf(place(frame, timeMs))}" x2="${percentOf(place(frame, timeMs))}" y1="22" y2="358"/>`,
  );
  const labels = clusters(marks, frame).map(
    ({ at, label }) =>
      html`<text class="number" x="${percentOf(at)}" y="15" text-anchor="${anchorAt(at)}">${label}</text>`,
  );
  const middleMs = (frame.fromMs + frame.toMs) / 2;
  const nothing = hasPoints
    ? NOTHING
    : html`<text class="title" x="50%" y="125" text-anchor="middle">no numbers were recorded</text>`;
  return html`<svg class="picture" role="img" aria-labelledby="picture-title picture-text" width="100%" height="384">
<title id="picture-title">Memory, pressure and stalls over time</title><desc id="picture-text">${described(document, frame, marks)}</desc>
${shortTimes(document.points, frame)}${lines}${lanes}${labels}${nothing}
<text class="label" x="0" y="378">${clockOf(frame.fromMs)} UTC</text><text class="label" x="50%" y="378" text-anchor="middle">${clockOf(middleMs)} UTC</text><text class="label" x="100%" y="378" text-anchor="end">${clockOf(frame.toMs)} UTC</text>
</svg>`;
};
