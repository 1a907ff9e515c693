/** The numbers of this moment. */
import { size, span } from '../amount.ts';
import { html, type Markup, NOTHING } from '../html.ts';
import type { StatusDocument } from './document.ts';
import { amountOf, LEVEL_WORDS, shareOf, signedAmountOf, UNKNOWN, wordOf } from './status-wording.ts';

const tile = (title: string, value: string, note: string, kind = ''): Markup =>
  html`<div class="tile ${kind}"><dt>${title}</dt><dd><b>${value}</b>${note === '' ? NOTHING : html` <small>${note}</small>`}</dd></div>`;

const ofTotal = (total: number | null): string => (total === null ? '' : `of ${size(total)}`);

export const tiles = ({ now }: StatusDocument): Markup => {
  const { level, headroom_kib: headroom, exhaustion_ms: exhaustion, swap_total_kib: swap } = now;
  const isShort = headroom !== null && headroom < 0;
  return html`<dl class="tiles">${[
    tile(
      'Level',
      level ?? UNKNOWN,
      wordOf(LEVEL_WORDS, level ?? '') ?? '',
      level === 'kill' ? 'critical' : level === 'term' ? 'warning' : '',
    ),
    tile('MemAvailable', amountOf(now.mem_available_kib), ofTotal(now.mem_total_kib)),
    tile(
      'Headroom',
      signedAmountOf(headroom === null ? null : Math.abs(headroom)),
      isShort ? 'below the term mark' : 'above the term mark',
      isShort ? 'warning' : '',
    ),
    tile('SwapFree', swap === 0 ? 'no swap' : amountOf(now.swap_free_kib), swap === 0 ? '' : ofTotal(swap)),
    tile(
      'Exhausted in',
      exhaustion === null ? UNKNOWN : span(exhaustion),
      exhaustion === null ? 'memory is not shrinking' : 'at the present rate',
    ),
    tile(
      'Pressure some',
      shareOf(now.memory_some),
      `full ${shareOf(now.memory_full)}, io full ${shareOf(now.io_full)}`,
    ),
    tile(
      'Stalled threads',
      now.stalling === null ? UNKNOWN : String(now.stalling),
      now.stalling ? `longest ${span(now.stall_longest_ms ?? 0)}` : 'in allocation',
    ),
    tile(
      'Processes',
      now.processes === null ? UNKNOWN : String(now.processes),
      now.tick_late_ms === null ? '' : `loop late by ${span(now.tick_late_ms)}`,
    ),
  ]}</dl>`;
};
