/**
 * The numbers of the last minutes at one resolution, in memory made once. Time is cut into spans of that length, each with a
 * place of its own for its earliest row: rows may come in any order and more than once, as the backlog has them.
 */
import { GAUGE_INDEX, type Gauge } from '../../channel/gauges.ts';
import { ABSENT } from '../../core/units.ts';

/** What was so at one moment. An amount that is not known is ABSENT. */
export interface Point {
  /** CLOCK_REALTIME, and control's monotonic clock. */
  timeMs: number;
  monotonicMs: number;
  /** Index into LEVELS. */
  level: number;
  memTotalKiB: number;
  memAvailableKiB: number;
  memFreeKiB: number;
  swapTotalKiB: number;
  swapFreeKiB: number;
  /** Above the term mark; negative below it. */
  headroomKiB: number;
  exhaustionMs: number;
  /** Shares 0..1 of the time since the point before; NaN: not known. */
  someShare: number;
  fullShare: number;
  ioFullShare: number;
  /** Threads that stall in memory allocation. */
  stalling: number;
  tickLateMs: number;
  /** Indices into LIVELOCK_CLASSES and LIVELOCK_CAUSES. */
  livelockClass: number;
  livelockCause: number;
}

export interface PointRing {
  /** Takes the gauges of one tick in. */
  record(values: Float64Array): void;
  /** Points within these times (CLOCK_REALTIME, both included), oldest first. */
  points(fromMs?: number, toMs?: number): readonly Point[];
}

/** Where each gauge is in a row. Numbers, as a lookup by name costs more than all the rest of a reading. */
const AT = {
  timeMs: 0,
  monotonicMs: 1,
  levelIndex: 2,
  memTotalKiB: 3,
  memAvailableKiB: 4,
  memFreeKiB: 5,
  swapTotalKiB: 6,
  swapFreeKiB: 7,
  headroomKiB: 8,
  exhaustionMs: 9,
  memorySomeUs: 10,
  memoryFullUs: 11,
  ioFullUs: 12,
  stalling: 13,
  tickLateMs: 14,
  livelockClass: 15,
  livelockCause: 16,
} as const satisfies Partial<Record<Gauge, number>>;
const COLUMNS = Object.keys(AT) as (keyof typeof AT)[];

const US_PER_MS = 1000;

/** `capacity` spans of `everyMs`: 144 bytes each. */
export const createPointRing = (everyMs: number, capacity: number): PointRing => {
  const rows = new Float64Array(capacity * COLUMNS.length);
  /** By place: the number of the span that has it, ABSENT: none. */
  const spans = new Float64Array(capacity).fill(ABSENT);
  let newest: number = ABSENT;

  const read = (place: number, column: number): number => {
    const value = rows[place * COLUMNS.length + column] as number;
    return Number.isNaN(value) ? ABSENT : value;
  };

  /** Share of the time between two places by a total of stall time. */
  const share = (place: number, before: number, column: number): number => {
    if (before === ABSENT) return Number.NaN;
    const [from, to] = [read(before, column), read(place, column)];
    const elapsedMs = read(place, AT.monotonicMs) - read(before, AT.monotonicMs);
    if (from === ABSENT || to === ABSENT || elapsedMs <= 0) return Number.NaN;
    // Two clocks measure it: a tick that is read some microseconds late may see a little more than there was time for.
    return Math.min(1, Math.max(0, (to - from) / US_PER_MS / elapsedMs));
  };

  const pointAt = (place: number, before: number): Point => ({
    timeMs: read(place, AT.timeMs),
    monotonicMs: read(place, AT.monotonicMs),
    level: read(place, AT.levelIndex),
    memTotalKiB: read(place, AT.memTotalKiB),
    memAvailableKiB: read(place, AT.memAvailableKiB),
    memFreeKiB: read(place, AT.memFreeKiB),
    swapTotalKiB: read(place, AT.swapTotalKiB),
    swapFreeKiB: read(place, AT.swapFreeKiB),
    headroomKiB: read(place, AT.headroomKiB),
    exhaustionMs: read(place, AT.exhaustionMs),
    someShare: share(place, before, AT.memorySomeUs),
    fullShare: share(place, before, AT.memoryFullUs),
    ioFullShare: share(place, before, AT.ioFullUs),
    stalling: read(place, AT.stalling),
    tickLateMs: read(place, AT.tickLateMs),
    livelockClass: read(place, AT.livelockClass),
    livelockCause: read(place, AT.livelockCause),
  });

  return {
    record: (values) => {
      const monotonicMs = values[GAUGE_INDEX.monotonicMs] as number;
      const span = Math.floor(monotonicMs / everyMs);
      if (!(span >= 0) || (newest !== ABSENT && span <= newest - capacity)) return;
      const place = span % capacity;
      if (spans[place] === span && read(place, AT.monotonicMs) <= monotonicMs) return;
      spans[place] = span;
      for (const name of COLUMNS) rows[place * COLUMNS.length + AT[name]] = values[GAUGE_INDEX[name]] as number;
      newest = Math.max(newest, span);
    },
    points: (fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY) => {
      const points: Point[] = [];
      let before: number = ABSENT;
      for (let span = Math.max(0, newest - capacity + 1); span <= newest; span++) {
        const place = span % capacity;
        if (spans[place] !== span) continue;
        const timeMs = read(place, AT.timeMs);
        if (timeMs >= fromMs && timeMs <= toMs) points.push(pointAt(place, before));
        before = place;
      }
      return points;
    },
  };
};
