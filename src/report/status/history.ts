/** Points of the recorder as columns of the status document. */
import { ABSENT } from '../../core/units.ts';
import type { Point } from '../recorder/point-ring.ts';
import type { History } from './document.ts';

/** Ten minutes of seconds. More points than a screen has columns show nothing more. */
const MOST_POINTS = 600;

/** Beyond this a share tells nothing: 0.01 %. */
const SHARE_STEPS = 10_000;

const amount = (value: number): number | null => (Number.isFinite(value) && value !== ABSENT ? value : null);
/** Below the mark headroom is negative by nature: -1 is an amount. */
const signed = (value: number): number | null => (Number.isFinite(value) ? value : null);
const share = (value: number): number | null =>
  Number.isFinite(value) && value >= 0 ? Math.round(Math.min(1, value) * SHARE_STEPS) / SHARE_STEPS : null;

type Of = (point: Point) => number | null;

/** A bucket shows the worst of what it holds, or a spike would be averaged away. */
const columnOf = (points: readonly Point[], size: number, of: Of, sign: 1 | -1): (number | null)[] => {
  const column: (number | null)[] = [];
  for (const [at, point] of points.entries()) {
    const value = of(point);
    const own = Math.floor(at / size);
    const last = column[own];
    if (last === undefined || last === null) column[own] = value;
    else if (value !== null && (value - last) * sign > 0) column[own] = value;
  }
  return column;
};

const MOST = 1;
const LEAST = -1;

/** `points` oldest first, at most `limit` of them after it; where several become one, the worst value stands. */
export const historyOf = (points: readonly Point[], gapMs: number, limit = MOST_POINTS): History => {
  const size = Math.max(1, Math.ceil(points.length / limit));
  const column = (of: Of, sign: 1 | -1): (number | null)[] => columnOf(points, size, of, sign);
  return {
    gap_ms: gapMs * size,
    time_ms: column(({ timeMs }) => timeMs, MOST) as number[],
    level: column(({ level }) => level, MOST) as number[],
    mem_available_kib: column(({ memAvailableKiB }) => amount(memAvailableKiB), LEAST),
    swap_free_kib: column(({ swapFreeKiB }) => amount(swapFreeKiB), LEAST),
    headroom_kib: column(({ headroomKiB }) => signed(headroomKiB), LEAST),
    memory_some: column(({ someShare }) => share(someShare), MOST),
    memory_full: column(({ fullShare }) => share(fullShare), MOST),
    io_full: column(({ ioFullShare }) => share(ioFullShare), MOST),
    stalling: column(({ stalling }) => amount(stalling), MOST),
  };
};
