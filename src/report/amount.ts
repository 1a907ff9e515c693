/** Amounts and times as people say them: "412 MiB", "2.2 of 2.3 GiB", "1.2 s". The raw numbers are in the fields. */
import { ABSENT } from '../core/units.ts';

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Two digits are enough to act on; below ten the one behind the point counts. KiB are whole by nature. */
const digits = (value: number, unit: number): string =>
  unit === 0 || Math.abs(value) >= 9.95 ? value.toFixed(0) : value.toFixed(1);

/** Index of the unit in which the amount has one to four digits; 1023.5 of a unit would be printed as 1024. */
const unitOf = (kib: number): number => {
  let unit = 0;
  for (let value = Math.abs(kib); value >= 1023.5 && unit < UNITS.length - 1; value /= 1024) unit++;
  return unit;
};

const inUnit = (kib: number, unit: number): string => digits(kib / 1024 ** unit, unit);

const isKnown = (value: number): boolean => Number.isFinite(value) && value !== ABSENT;

/** An amount given in KiB. */
export const size = (kib: number): string => {
  if (!isKnown(kib)) return 'an unknown amount';
  const unit = unitOf(kib);
  return `${inUnit(kib, unit)} ${UNITS[unit]}`;
};

/** Part of a whole, both in KiB: "2.2 of 2.3 GiB", and "48 MiB of 4.0 GiB" where one unit would hide the part. */
export const sizeOf = (part: number, whole: number): string => {
  if (part === 0) return `0 of ${size(whole)}`;
  const unit = unitOf(whole);
  const isAlike = isKnown(part) && isKnown(whole) && unitOf(part) === unit;
  return `${isAlike ? inUnit(part, unit) : size(part)} of ${size(whole)}`;
};

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** Beyond these nobody asks for the hour. */
const DAYS_WITH_HOURS = 100;

/** A time span given in milliseconds, by its two largest units: "3 min 13 s", "8 days 5 h". */
export const span = (ms: number): string => {
  if (!Number.isFinite(ms)) return 'an unknown time';
  if (Math.abs(ms) < 999.5) return `${ms.toFixed(Math.abs(ms) < 9.95 && !Number.isInteger(ms) ? 1 : 0)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${digits(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < HOUR_S) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const hours = Math.floor(whole / HOUR_S);
  if (whole < DAY_S) return `${hours} h ${Math.floor((whole % HOUR_S) / 60)} min`;
  const days = Math.floor(whole / DAY_S);
  const rest = days < DAYS_WITH_HOURS ? ` ${hours % 24} h` : '';
  return `${count(days, 'day')}${rest}`;
};

/** A share given in permyriad, as percent. */
export const percent = (permyriad: number): string => `${digits(permyriad / 100, 1)} %`;

/** "1 signal", "2 signals". */
export const count = (amount: number, noun: string, plural = `${noun}s`): string =>
  `${amount} ${amount === 1 ? noun : plural}`;
