/**
 * Whose the pages are that come back from disk. A cgroup that thrashes at its own limit restores as many as a host that
 * thrashes, and where page cache fills the rest of memory, as it does on every server, kswapd works and free pages stand near
 * the watermark as well: all signs of core/detect/thrash. But its pages come back within it, which memory.stat tells.
 */
import { type CgroupRow, isAtLimit, isNearLimit, isWithin } from './cgroup-row.ts';
import { ABSENT, WHOLE_PERMYRIAD } from './units.ts';

export interface OwnLimits {
  /** When cgroups were last read; ABSENT: never. */
  readMs: number;
  /** The counter of the host then; ABSENT: not read. */
  restores: number;
  /** Some cgroup stood near its limit. */
  isNear: boolean;
  /** Of all pages that came back since the reading before, those within cgroups at their limits; ABSENT: not known. */
  permyriad: number;
}

export const createOwnLimits = (): OwnLimits => ({
  readMs: ABSENT,
  restores: ABSENT,
  isNear: false,
  permyriad: ABSENT,
});

/** Two readings further apart than this are no measure of now; four times their usual distance. */
const SPAN_MAX_MS = 2000;

/**
 * Pages that one event of a limit explains at most: each is followed by one round of reclaim, of 32 pages at least
 * (try_charge_memcg(), SWAP_CLUSTER_MAX), charges are made for 64 (MEMCG_CHARGE_BATCH). So a cgroup that touches its limit now
 * and then explains nothing of a thrash of the host that it takes part in.
 */
const PAGES_PER_EVENT = 64;

const explainedPerS = ({ restoresPerS, maxPerS, highPerS }: CgroupRow): number =>
  Math.min(restoresPerS, (Math.max(0, maxPerS) + Math.max(0, highPerS)) * PAGES_PER_EVENT);

const MS_PER_S = 1000;

/** ABSENT where one of them has not been read twice. */
const shareOf = (rows: readonly CgroupRow[], hostPerS: number): number => {
  const limited = rows.filter(isAtLimit);
  // Whatever comes back below is counted above as well (rstat).
  const outermost = limited.filter(({ path }) => !limited.some((row) => row.path !== path && isWithin(path, row.path)));
  if (outermost.some(({ restoresPerS }) => restoresPerS === ABSENT)) return ABSENT;
  const sum = outermost.reduce((before, row) => before + explainedPerS(row), 0);
  return Math.min(WHOLE_PERMYRIAD, Math.round((sum / hostPerS) * WHOLE_PERMYRIAD));
};

/** Takes in a reading of cgroups; `restores`: workingset_restore of /proc/vmstat, of the same moment. */
export const noteOwnLimits = (own: OwnLimits, rows: readonly CgroupRow[], restores: number, nowMs: number): void => {
  const spanMs = own.readMs === ABSENT ? ABSENT : nowMs - own.readMs;
  const isSpan = spanMs > 0 && spanMs <= SPAN_MAX_MS && own.restores !== ABSENT && restores > own.restores;
  own.permyriad = isSpan ? shareOf(rows, ((restores - own.restores) * MS_PER_S) / spanMs) : ABSENT;
  own.isNear = rows.some((row) => isNearLimit(row) || isAtLimit(row));
  own.readMs = nowMs;
  own.restores = restores;
};

/** From three quarters on what is left over is the difference between two readings that are some milliseconds apart. */
const THEIRS_PERMYRIAD = 7500;

/**
 * For how long a verdict waits for two readings after the signs began. A host that does thrash is helped that much later where
 * somebody is near a limit, and not at all later elsewhere.
 */
const PATIENCE_MS = 1500;

const isFresh = ({ isNear, readMs }: OwnLimits, nowMs: number): boolean => isNear && nowMs - readMs <= SPAN_MAX_MS;

/** Whether it is known that what comes back now does so within cgroups at their limits. */
export const isWithinLimits = (own: OwnLimits, nowMs: number): boolean =>
  isFresh(own, nowMs) && own.permyriad >= THEIRS_PERMYRIAD;

/** Whether signs of a thrash that have been there since `sinceMs` may be taken for the host's. */
export const isOfTheHost = (own: OwnLimits, sinceMs: number, nowMs: number): boolean => {
  if (!isFresh(own, nowMs)) return true;
  const isKnown = own.permyriad !== ABSENT && own.readMs > sinceMs;
  return isKnown ? own.permyriad < THEIRS_PERMYRIAD : nowMs - sinceMs >= PATIENCE_MS;
};
