/**
 * Whose the pages are that come back from disk. A cgroup that thrashes at its own limit restores as many as a host that
 * thrashes, and where page cache fills the rest of memory, as it does on every server, kswapd works and free pages stand near
 * the watermark as well: all signs of core/detect/thrash. But its pages come back within it, which memory.stat tells.
 */
import { type CgroupRow, isAtLimit, isNearLimit, isWithin } from './cgroup-row.ts';
import { ABSENT } from './units.ts';

export interface OwnLimits {
  /** When cgroups were last read; ABSENT: never. */
  readMs: number;
  /** The counter of the host then; ABSENT: not read. */
  restores: number;
  /** Some cgroup stood near its limit. */
  isNear: boolean;
  /** Since when the two sums below have been made; ABSENT: they are not. */
  sinceMs: number;
  /** When they were last begun anew; ABSENT: never. */
  forgotMs: number;
  /** Readings so far, and how many there had been then. */
  reads: number;
  forgotReads: number;
  /** Pages that came back on the host, and those of them that did within cgroups at their limits; older ones count less. */
  all: number;
  within: number;
}

export const createOwnLimits = (): OwnLimits => ({
  readMs: ABSENT,
  restores: ABSENT,
  isNear: false,
  sinceMs: ABSENT,
  forgotMs: ABSENT,
  reads: 0,
  forgotReads: 0,
  all: 0,
  within: 0,
});

/**
 * Two readings further apart than this are no measure of now. Of a turn that came later core/detect forgets all as well; on a
 * machine that gives a guest half of its cores some came 2.9 s late, and what was known must outlast them.
 */
const SPAN_MAX_MS = 5000;
/** Of what was counted before, at each reading: half of a sum is from the last two or three. */
const KEPT = 0.75;

const MS_PER_S = 1000;

/**
 * Pages a second within cgroups at their limits, as far as they were read: of many at once only some are. ABSENT: none of them
 * has been read twice.
 */
const withinPerS = (rows: readonly CgroupRow[]): number => {
  const limited = rows.filter(isAtLimit);
  // Whatever comes back below is counted above as well (rstat).
  const outermost = limited.filter(({ path }) => !limited.some((row) => row.path !== path && isWithin(path, row.path)));
  const known = outermost.filter(({ restoresPerS }) => restoresPerS !== ABSENT);
  if (outermost.length > 0 && known.length === 0) return ABSENT;
  return known.reduce((sum, { restoresPerS }) => sum + restoresPerS, 0);
};

/**
 * Takes in a reading of cgroups; `restores`: workingset_restore of /proc/vmstat, of the same moment. In a thrash of the host
 * a cgroup falls below its limit by what is taken from it, so that one at its limit, with events of it, thrashes by itself.
 */
export const noteOwnLimits = (own: OwnLimits, rows: readonly CgroupRow[], restores: number, nowMs: number): void => {
  const spanMs = own.readMs === ABSENT ? ABSENT : nowMs - own.readMs;
  const cameBack = own.restores === ABSENT || restores < own.restores ? ABSENT : restores - own.restores;
  const perS = withinPerS(rows);
  if (spanMs <= 0 || spanMs > SPAN_MAX_MS || cameBack === ABSENT) {
    if (own.sinceMs !== ABSENT) {
      own.forgotMs = nowMs;
      own.forgotReads = own.reads;
    }
    own.sinceMs = ABSENT;
    own.all = own.within = 0;
  } else if (perS !== ABSENT) {
    if (own.sinceMs === ABSENT) own.sinceMs = own.readMs;
    own.all = own.all * KEPT + cameBack;
    own.within = own.within * KEPT + (perS * spanMs) / MS_PER_S;
  }
  own.isNear = rows.some(isNearLimit);
  own.readMs = nowMs;
  own.reads++;
  own.restores = restores;
};

/** Most of it: the two counters are read some milliseconds apart, and each lags behind by some hundred pages of each CPU. */
const THEIRS_SHARE = 0.5;
/** For the same reason not by one reading: four of those that a verdict waits for. */
const KNOWN_AFTER_MS = 1000;

const isFresh = ({ readMs }: OwnLimits, nowMs: number): boolean => readMs !== ABSENT && nowMs - readMs <= SPAN_MAX_MS;

const isKnown = ({ sinceMs, readMs }: OwnLimits): boolean => sinceMs !== ABSENT && readMs - sinceMs >= KNOWN_AFTER_MS;

const isTheirs = ({ within, all }: OwnLimits): boolean => within > 0 && within >= all * THEIRS_SHARE;

/** As if it had just been read: for who reads no cgroups and is told so by who does. */
export const hearWithinLimits = (own: OwnLimits, nowMs: number): void => {
  own.isNear = true;
  own.readMs = nowMs;
  own.sinceMs = nowMs - KNOWN_AFTER_MS;
  own.all = own.within = 1;
};

/** Whether it is known that what comes back now does so within cgroups at their limits. */
export const isWithinLimits = (own: OwnLimits, nowMs: number): boolean =>
  own.isNear && isFresh(own, nowMs) && isKnown(own) && isTheirs(own);

/**
 * For how long a verdict waits until it is known, and for how many readings: late turns make few. The first is only the base of
 * the second. A host that does thrash is helped that much later where somebody is near a limit, and not at all later elsewhere.
 */
const PATIENCE_MS = 2500;
const PATIENCE_READS = 3;

/** Since when signs of a thrash have been there, and how many readings there had been before. */
export interface SignsSince {
  readonly ms: number;
  readonly reads: number;
}

/** Whether signs of a thrash may be taken for the host's. */
export const isOfTheHost = (own: OwnLimits, since: SignsSince, nowMs: number): boolean => {
  if (!own.isNear) return true;
  // Nobody reads any more: a turn that is only late makes the next reading itself.
  if (!isFresh(own, nowMs)) return nowMs - Math.max(since.ms, own.readMs) >= SPAN_MAX_MS + PATIENCE_MS;
  if (isKnown(own) && own.readMs > since.ms) return !isTheirs(own);
  // What was known and has been forgotten, as the loop was stopped, is waited for anew.
  const reads = own.reads - Math.max(since.reads, own.forgotReads);
  return reads >= PATIENCE_READS && nowMs - Math.max(since.ms, own.forgotMs) >= PATIENCE_MS;
};
