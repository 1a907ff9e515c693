/**
 * What the counters of the last seconds say, as rates. Window and starting thresholds: kernel-facts, Appendix A. The window
 * begins anew with each trouble, so that the calm before it thins out nothing.
 */
import type { Sample } from '../sample.ts';
import { ABSENT, WHOLE_PERMYRIAD } from '../units.ts';
import { createWindow, pushReading, ratePerSecond, spanMs, sumOfPresent, type WindowState } from '../window.ts';

const COUNTERS = [
  'memorySomeUs',
  'memoryFullUs',
  'ioFullUs',
  'pgscanKswapd',
  'pgscanDirect',
  'pgstealKswapd',
  'pgstealDirect',
  'refaultFile',
  'refaultAnon',
  'restores',
  'pswpin',
  'pswpout',
  'zswpin',
  'allocstall',
  'directThrottle',
  'oomKill',
  'balloonInflate',
] as const satisfies readonly (keyof Sample)[];
type Counter = (typeof COUNTERS)[number];

export type SignsWindow = WindowState<Counter>;
export const createSignsWindow = (): SignsWindow => createWindow(COUNTERS);

/** Long enough for direct reclaim to come round several times, and half of what a verdict may take. */
const WINDOW_MS = 5000;
/** Appendix A samples four times a second. */
const SPACING_MS = 250;
const US_PER_S = 1_000_000;

/** Per second and in permyriad of the time; ABSENT where the kernel does not count it or no window has begun. */
export interface Signs {
  /** Of what the rates are made. */
  spanMs: number;
  somePermyriad: number;
  fullPermyriad: number;
  ioFullPermyriad: number;
  /** By kswapd and by direct reclaim together, pages. */
  scannedPerS: number;
  directPerS: number;
  stolenPerS: number;
  /** Pages that were thrown out and needed again. */
  refaultFilePerS: number;
  refaultAnonPerS: number;
  restoresPerS: number;
  swapInPerS: number;
  swapOutPerS: number;
  zswapInPerS: number;
  stallsPerS: number;
  throttledPerS: number;
  kernelKillsPerS: number;
  inflatedPerS: number;
}

export const createSigns = (): Signs => ({
  spanMs: 0,
  somePermyriad: ABSENT,
  fullPermyriad: ABSENT,
  ioFullPermyriad: ABSENT,
  scannedPerS: ABSENT,
  directPerS: ABSENT,
  stolenPerS: ABSENT,
  refaultFilePerS: ABSENT,
  refaultAnonPerS: ABSENT,
  restoresPerS: ABSENT,
  swapInPerS: ABSENT,
  swapOutPerS: ABSENT,
  zswapInPerS: ABSENT,
  stallsPerS: ABSENT,
  throttledPerS: ABSENT,
  kernelKillsPerS: ABSENT,
  inflatedPerS: ABSENT,
});

/** Takes one sample in; one without the details of vmstat says nothing here. */
export const pushSigns = (window: SignsWindow, sample: Sample, nowMs: number): void => {
  if (sample.pgscanKswapd !== ABSENT) pushReading(window, sample, nowMs, SPACING_MS);
};

const permyriad = (usPerS: number): number =>
  usPerS === ABSENT ? ABSENT : Math.min(WHOLE_PERMYRIAD, Math.floor((usPerS * WHOLE_PERMYRIAD) / US_PER_S));

/** Works the signs out of the window. */
export const readSigns = (signs: Signs, window: SignsWindow, nowMs: number): void => {
  const rate = (counter: Counter): number => {
    const perS = ratePerSecond(window, counter, nowMs, WINDOW_MS);
    return perS === ABSENT ? ABSENT : Math.round(perS);
  };
  signs.spanMs = spanMs(window, nowMs, WINDOW_MS);
  signs.somePermyriad = permyriad(rate('memorySomeUs'));
  signs.fullPermyriad = permyriad(rate('memoryFullUs'));
  signs.ioFullPermyriad = permyriad(rate('ioFullUs'));
  signs.directPerS = rate('pgscanDirect');
  signs.scannedPerS = sumOfPresent(rate('pgscanKswapd'), signs.directPerS);
  signs.stolenPerS = sumOfPresent(rate('pgstealKswapd'), rate('pgstealDirect'));
  signs.refaultFilePerS = rate('refaultFile');
  signs.refaultAnonPerS = rate('refaultAnon');
  signs.restoresPerS = rate('restores');
  signs.swapInPerS = rate('pswpin');
  signs.swapOutPerS = rate('pswpout');
  signs.zswapInPerS = rate('zswpin');
  signs.stallsPerS = rate('allocstall');
  signs.throttledPerS = rate('directThrottle');
  signs.kernelKillsPerS = rate('oomKill');
  signs.inflatedPerS = rate('balloonInflate');
};
