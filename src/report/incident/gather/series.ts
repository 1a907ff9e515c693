/** The numbers of one incident from the recorder's points, thinned so that also one of a whole night stays small. */
import { ABSENT } from '../../../core/units.ts';
import type { Point } from '../../recorder/point-ring.ts';
import type { PointColumns } from '../document/document.ts';

/** Ten minutes of seconds, and as many tenths around the beginning: 120 KiB of JSON. */
const POINTS_MAX = 600;

export interface Series {
  /** Takes those that it has not taken before; once it is thinned, only what is newer than all of them. */
  add(points: readonly Point[]): void;
  points(): readonly Point[];
}

const lowest = (a: Point, b: Point): Point => (b.memAvailableKiB < a.memAvailableKiB ? b : a);

/** Of each two the one with less memory: the bottom of a dip is what the picture is for. */
const halve = (points: readonly Point[]): Point[] => {
  const half: Point[] = [];
  for (let at = 0; at < points.length; at += 2) {
    const first = points[at] as Point;
    half.push(lowest(first, points[at + 1] ?? first));
  }
  return half;
};

export const createSeries = (limit = POINTS_MAX): Series => {
  let kept: Point[] = [];
  /** Of those that come, every so manyth is taken, or one that is lower than all before. */
  let stride = 1;
  let skipped = 0;
  let lowestKiB = Number.POSITIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;

  const thin = (): void => {
    while (kept.length >= limit) {
      kept = halve(kept);
      stride *= 2;
    }
  };

  /** Whether it is lower than all before. */
  const isLowest = ({ memAvailableKiB }: Point): boolean => {
    if (memAvailableKiB < 0 || memAvailableKiB >= lowestKiB) return false;
    lowestKiB = memAvailableKiB;
    return true;
  };

  /** What the pipe did not take control sends behind what is newer. */
  const addLate = (points: readonly Point[]): void => {
    if (stride > 1) return;
    const late = points.filter(({ timeMs }) => timeMs <= newestMs);
    kept = [...merged(kept, late)];
    late.forEach(isLowest);
    thin();
  };

  const addNew = (point: Point): void => {
    newestMs = point.timeMs;
    const isLow = isLowest(point);
    if (++skipped < stride && !isLow) return;
    skipped = 0;
    kept.push(point);
    thin();
  };

  return {
    add: (points) => {
      addLate(points);
      for (const point of points) if (point.timeMs > newestMs) addNew(point);
    },
    points: () => kept,
  };
};

/** Two series as one, oldest first; of two points of one moment the first series' stays. */
export const merged = (a: readonly Point[], b: readonly Point[]): readonly Point[] => {
  const times = new Set(a.map(({ timeMs }) => timeMs));
  return [...a, ...b.filter(({ timeMs }) => !times.has(timeMs))].sort((one, two) => one.timeMs - two.timeMs);
};

const known = (value: number): number | null => (Number.isFinite(value) && value !== ABSENT ? value : null);
/** Four digits of a share are more than a picture shows. */
const share = (value: number): number | null =>
  Number.isFinite(value) && value >= 0 ? Math.round(Math.min(1, value) * 1e4) / 1e4 : null;

export const columnsOf = (points: readonly Point[]): PointColumns => ({
  time_ms: points.map(({ timeMs }) => Math.round(timeMs)),
  level: points.map(({ level }) => known(level)),
  mem_total_kib: points.map(({ memTotalKiB }) => known(memTotalKiB)),
  mem_available_kib: points.map(({ memAvailableKiB }) => known(memAvailableKiB)),
  swap_total_kib: points.map(({ swapTotalKiB }) => known(swapTotalKiB)),
  swap_free_kib: points.map(({ swapFreeKiB }) => known(swapFreeKiB)),
  memory_some: points.map(({ someShare }) => share(someShare)),
  memory_full: points.map(({ fullShare }) => share(fullShare)),
  io_full: points.map(({ ioFullShare }) => share(ioFullShare)),
  stalling: points.map(({ stalling }) => known(stalling)),
  tick_late_ms: points.map(({ tickLateMs }) => known(Math.round(tickLateMs))),
});
