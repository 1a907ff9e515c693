/** Amounts as operators write them ("512MiB", "10%", "30s") turned into the integers of the core, or told why not. */
import type { Mark } from '../core/policy.ts';
import { ABSENT, GIB, MIB, WHOLE_PERMYRIAD } from '../core/units.ts';

export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** What each kind of text looks like, for the first half of every error. */
export const EXAMPLE = {
  size: 'a size such as "512MiB" or "2GiB"',
  percent: 'a percentage such as "10%" or "0.5%"',
  mark: 'a mark such as "10%", "2GiB" or "min(10%, 2GiB)"',
  duration: 'a duration such as "100ms", "30s" or "5m"',
  fillRate: 'a rate such as "6GiB/s"',
} as const;

const SIZE_UNITS_KIB: ReadonlyMap<string, number> = new Map([
  ['KiB', 1],
  ['MiB', MIB],
  ['GiB', GIB],
  ['TiB', GIB * 1024],
]);
/** 52 bits of physical address, the most that x86-64 and arm64 have; beyond it is a typing error. */
const MAX_TIB = 4096;
const DURATION_UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
/** No wait of this daemon makes sense beyond a day, and a timer of Node overflows at 24.8 days. */
const MAX_MS = 24 * 3_600_000;
/** An amount with its sign and whatever follows it. */
const AMOUNT = /^([+-]?)(\d+(?:\.\d+)?)\s*(.*)$/s;

/** Why a text was refused, before the example is put in front of it. */
class Refusal {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

const finish = <T>(kind: keyof typeof EXAMPLE, text: string, result: T | Refusal): Parsed<T> =>
  result instanceof Refusal
    ? { problem: `expected ${EXAMPLE[kind]}, got ${JSON.stringify(text.slice(0, 60))}: ${result.why}` }
    : { value: result };

const amountOf = (text: string): { digits: string; unit: string } | Refusal => {
  const [, sign, digits, unit] = AMOUNT.exec(text.trim()) ?? [];
  if (digits === undefined || unit === undefined) return new Refusal('it does not begin with a number');
  if (sign !== '') return new Refusal(sign === '-' ? 'it is negative' : 'leave out the +');
  return { digits, unit };
};

const sizeUnitRemedy = (digits: string, unit: string): string => {
  if (unit === '') return `a bare number has no unit, write "${digits}KiB", "${digits}MiB" or "${digits}GiB"`;
  const letter = /^([kmgt])i?b?$/i.exec(unit)?.[1]?.toUpperCase();
  if (letter === undefined) return 'the units are KiB, MiB, GiB and TiB';
  return `write "${digits}${letter}iB" (${letter} and ${letter}B are powers of 1000 to some tools, of 1024 to others)`;
};

const sizeOf = (text: string): number | Refusal => {
  const amount = amountOf(text);
  if (amount instanceof Refusal) return amount;
  const factor = SIZE_UNITS_KIB.get(amount.unit);
  if (factor === undefined) return new Refusal(sizeUnitRemedy(amount.digits, amount.unit));
  const kib = Number(amount.digits) * factor;
  if (kib > MAX_TIB * 1024 * GIB) return new Refusal(`no host has more than ${MAX_TIB}TiB`);
  if (kib > 0 && kib < 1) return new Refusal('the smallest size is 1KiB');
  return Math.floor(kib);
};

const percentOf = (text: string): number | Refusal => {
  const amount = amountOf(text);
  if (amount instanceof Refusal) return amount;
  if (amount.unit !== '%') return new Refusal(`write "${amount.digits}%"`);
  if ((amount.digits.split('.')[1] ?? '').length > 2) return new Refusal('at most two digits behind the point');
  const permyriad = Math.round(Number(amount.digits) * 100);
  return permyriad > WHOLE_PERMYRIAD ? new Refusal('more than 100%') : permyriad;
};

const markOf = (text: string): Mark | Refusal => {
  const trimmed = text.trim();
  const [, first, second] = /^min\(([^,()]*),([^,()]*)\)$/.exec(trimmed) ?? [];
  if (first !== undefined && second !== undefined) {
    const parts = [first, second].map((part) => ({ share: part.trim().endsWith('%'), part }));
    const share = parts.find((entry) => entry.share);
    const size = parts.find((entry) => !entry.share);
    if (share === undefined || size === undefined) return new Refusal('min() takes one percentage and one size');
    const permyriad = percentOf(share.part);
    const kib = sizeOf(size.part);
    if (permyriad instanceof Refusal) return permyriad;
    return kib instanceof Refusal ? kib : { kib, permyriad };
  }
  const share = trimmed.endsWith('%');
  const bound = share ? percentOf(trimmed) : sizeOf(trimmed);
  if (bound instanceof Refusal) return bound;
  return share ? { kib: ABSENT, permyriad: bound } : { kib: bound, permyriad: ABSENT };
};

const durationOf = (text: string): number | Refusal => {
  const amount = amountOf(text);
  if (amount instanceof Refusal) return amount;
  const factor = DURATION_UNITS_MS.get(amount.unit);
  if (factor === undefined && amount.unit === '') {
    return new Refusal(`a bare number has no unit, write "${amount.digits}s" or "${amount.digits}ms"`);
  }
  if (factor === undefined) return new Refusal('the units are ms, s, m and h');
  const exactMs = Number(amount.digits) * factor;
  if (exactMs > MAX_MS) return new Refusal('more than 24h');
  const ms = Math.round(exactMs);
  // 1.1 s is 1100.0000000000002 ms in binary: only a true fraction of a millisecond is refused.
  return Math.abs(exactMs - ms) > 1e-6 ? new Refusal('finer than 1ms') : ms;
};

const fillRateOf = (text: string): number | Refusal => {
  const size = /^(.*)\/s$/s.exec(text.trim())?.[1];
  if (size === undefined) return new Refusal('it does not end in "/s"');
  const kib = sizeOf(size);
  if (kib instanceof Refusal) return kib;
  // Rounded up: assuming that memory fills faster than it does only costs a wake-up.
  return kib === 0 ? new Refusal('nothing fills at rate zero') : Math.ceil(kib / 1000);
};

/** "512MiB" to KiB, rounded down. */
export const parseSize = (text: string): Parsed<number> => finish('size', text, sizeOf(text));
/** "0.5%" to permyriad, 0 to 10,000. */
export const parsePercent = (text: string): Parsed<number> => finish('percent', text, percentOf(text));
/** "10%", "2GiB" or "min(10%, 2GiB)"; the bound that is not given is ABSENT. */
export const parseMark = (text: string): Parsed<Mark> => finish('mark', text, markOf(text));
/** "30s" to ms, 0 to a day. */
export const parseDuration = (text: string): Parsed<number> => finish('duration', text, durationOf(text));
/** "6GiB/s" to KiB per ms, rounded up. */
export const parseFillRate = (text: string): Parsed<number> => finish('fillRate', text, fillRateOf(text));
