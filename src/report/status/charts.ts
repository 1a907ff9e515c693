/** The four pictures of the last ten minutes. */
import { html, type Markup } from '../html.ts';
import { chartOf } from './chart.ts';
import type { StatusDocument } from './document.ts';
import { shareOf, signedAmountOf } from './status-wording.ts';

const WINDOW_MS = 600_000;
const GIB = 1024 * 1024;

const amount = (kib: number): string => signedAmountOf(Math.round(kib));

export const charts = ({ history, now, time_ms: toMs }: StatusDocument): Markup => {
  if (history === null || history.time_ms.length === 0) {
    return html`<p class="none">Nothing is recorded yet. The lines begin with the first numbers from control.</p>`;
  }
  const span = { times: history.time_ms, gapMs: history.gap_ms, fromMs: toMs - WINDOW_MS, toMs };
  const hasSwap = (now.swap_total_kib ?? 0) > 0;
  const memory = chartOf({
    ...span,
    title: 'Memory',
    scale: [0, Math.max(now.mem_total_kib ?? GIB, now.swap_total_kib ?? 0)],
    worst: 'least',
    show: amount,
    series: [
      { name: 'MemAvailable', line: 'first', values: history.mem_available_kib },
      ...(hasSwap ? [{ name: 'SwapFree', line: 'second', values: history.swap_free_kib } as const] : []),
    ],
  });
  const headroom = chartOf({
    ...span,
    title: 'Headroom',
    scale: [0, GIB / 1024],
    mark: { at: 0, name: 'dashed: term mark' },
    worst: 'least',
    show: amount,
    series: [{ name: 'above the term mark', line: 'first', values: history.headroom_kib }],
  });
  const pressure = chartOf({
    ...span,
    title: 'Memory pressure',
    // A calm host shows a calm line: noise of 0.1 % is not blown up to fill the picture.
    scale: [0, 0.1],
    worst: 'most',
    show: shareOf,
    series: [
      { name: 'some', line: 'first', values: history.memory_some },
      { name: 'full', line: 'second', values: history.memory_full },
    ],
  });
  const stalls = chartOf({
    ...span,
    title: 'Threads stalled in allocation',
    scale: [0, 4],
    worst: 'most',
    show: (threads) => String(Math.round(threads)),
    series: [{ name: 'stalling', line: 'first', values: history.stalling }],
  });
  return html`<div class="charts">${memory}${headroom}${pressure}${stalls}</div>`;
};
