/** A line of ten minutes as inline SVG: stretches to any width, needs no script, says in words what it shows. */
import { constant, html, type Markup, NOTHING } from '../html.ts';
import { clockOf } from './status-wording.ts';

export interface Series {
  readonly name: string;
  /** Class of its line: a colour and, that colour is not all, a dash of its own. */
  readonly line: 'first' | 'second';
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  readonly times: readonly number[];
  readonly gapMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly series: readonly Series[];
  /** Lower and upper end of the scale, before it is widened to what was seen. */
  readonly scale: readonly [number, number];
  /** A line across: "term mark". */
  readonly mark?: { readonly at: number; readonly name: string };
  /** Which is the worse end, for the words. */
  readonly worst: 'least' | 'most';
  readonly show: (value: number) => string;
}

const WIDTH = 600;
const HEIGHT = 80;
/** More columns than that are less than a pixel on a phone. */
const COLUMNS = 300;

interface Dot {
  readonly timeMs: number;
  readonly value: number;
}

/** The worst of each column; null where a gap was. */
const dotsOf = ({ times, fromMs, toMs, gapMs, worst }: Chart, values: readonly (number | null)[]): (Dot | null)[] => {
  const dots: (Dot | null)[] = [];
  const columnMs = (toMs - fromMs) / COLUMNS;
  let column = -1;
  let lastMs = Number.NaN;
  for (const [at, value] of values.entries()) {
    const timeMs = times[at] ?? 0;
    if (value === null || timeMs < fromMs || timeMs > toMs) continue;
    if (timeMs - lastMs > gapMs) dots.push(null);
    lastMs = timeMs;
    const own = Math.floor((timeMs - fromMs) / columnMs);
    const last = dots.at(-1);
    if (own !== column || last == null) dots.push({ timeMs, value });
    else if (worst === 'least' ? value < last.value : value > last.value) dots[dots.length - 1] = { timeMs, value };
    column = own;
  }
  return dots;
};

const worstOf = (dots: readonly (Dot | null)[], worst: Chart['worst']): Dot | undefined =>
  dots
    .filter((dot) => dot !== null)
    .reduce<Dot | undefined>(
      (found, dot) =>
        found === undefined || (worst === 'least' ? dot.value < found.value : dot.value > found.value) ? dot : found,
      undefined,
    );

const digits = (value: number): string => String(Math.round(value * 10) / 10);

/** Path of a line; each null begins a new one. */
const pathOf = (dots: readonly (Dot | null)[], x: (timeMs: number) => number, y: (value: number) => number): string => {
  let pen = 'M';
  let path = '';
  for (const dot of dots) {
    if (dot === null) pen = 'M';
    else {
      path += `${pen}${digits(x(dot.timeMs))} ${digits(y(dot.value))}`;
      pen = 'L';
    }
  }
  return path;
};

/** What is below it: one closed piece for each stretch without a gap. */
const areaOf = (path: string): string =>
  path
    .split('M')
    .slice(1)
    .map((piece) => {
      const [first = ''] = piece.split(' ');
      const last = piece.slice(piece.lastIndexOf('L') + 1).split(' ')[0] ?? '';
      return `M${piece}L${last} ${HEIGHT}L${first} ${HEIGHT}Z`;
    })
    .join('');

const wordsOf = (chart: Chart, name: string, dots: readonly (Dot | null)[]): string => {
  const last = dots.at(-1);
  const extreme = worstOf(dots, chart.worst);
  if (last == null || extreme === undefined) return `${name}: nothing recorded`;
  const which = chart.worst === 'least' ? 'lowest' : 'highest';
  return `${name}: now ${chart.show(last.value)}, ${which} ${chart.show(extreme.value)} at ${clockOf(extreme.timeMs)} UTC`;
};

/** The figure with its caption: the words are for everybody, and all there is for who does not see the line. */
export const chartOf = (chart: Chart): Markup => {
  const lines = chart.series.map((series) => ({ ...series, dots: dotsOf(chart, series.values) }));
  const seen = lines.flatMap(({ dots }) => dots.filter((dot) => dot !== null).map(({ value }) => value));
  const low = Math.min(chart.scale[0], ...seen);
  const high = Math.max(chart.scale[1], ...seen, low + Number.EPSILON);
  const x = (timeMs: number): number => ((timeMs - chart.fromMs) / (chart.toMs - chart.fromMs)) * WIDTH;
  const y = (value: number): number => HEIGHT - 1 - ((value - low) / (high - low)) * (HEIGHT - 2);
  const { mark } = chart;
  const across = (at: number, kind: string): Markup => html`<path class="${kind}" d="M0 ${digits(y(at))}H${WIDTH}"/>`;
  const drawn = lines.map(({ line, dots }) => {
    const path = pathOf(dots, x, y);
    const area = line === 'first' ? `<path class="area" d="${areaOf(path)}"/>` : '';
    return constant(`${area}<path class="${line}" d="${path}"/>`);
  });
  const legend = lines.map(
    ({ name, line, dots }) =>
      html`<li><svg class="key" viewBox="0 0 20 8" aria-hidden="true"><path class="${line}" d="M0 4H20"/></svg>${wordsOf(chart, name, dots)}</li>`,
  );
  return html`<figure><h3>${chart.title}</h3><div class="plot"><span class="top">${chart.show(high)}</span><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${across((low + high) / 2, 'grid')}${mark === undefined ? NOTHING : across(mark.at, 'mark')}${drawn}</svg><span class="bottom">${chart.show(low)}</span></div><p class="axis" aria-hidden="true"><span>10 min ago</span>${mark === undefined ? NOTHING : html`<span class="marked">${mark.name}</span>`}<span>now</span></p><figcaption><ul>${legend}</ul></figcaption></figure>`;
};
