/**
 * The latest numbers, sent as one fixed frame of float64 so that a quiet tick formats no text: control overwrites a
 * preallocated buffer, report keeps the last frame for scrapes. Order is the wire format; append only.
 */
export const GAUGES = [
  'monotonicMs',
  'levelIndex',
  'observing',
  'memTotalKiB',
  'memAvailableKiB',
  'memFreeKiB',
  'swapTotalKiB',
  'swapFreeKiB',
  'memorySomeUs',
  'memoryFullUs',
  'ioFullUs',
  /** KiB above the term mark; negative below it. */
  'headroomKiB',
  'exhaustionMs',
  'ticks',
  'tickLateMs',
  'tickLateMaxMs',
  'tickDurationUs',
  'ownMajorFaults',
  'ownRssKiB',
  'processesKnown',
  'processesArmed',
  'eventsDropped',
  'reporterRestarts',
  'lockedKiB',
  'standbyUp',
  'stalling',
  'stallDying',
  'stallExiting',
  'stallVictim',
  'stallLongestMs',
  /** Index into RUNGS of core/ladder-event.ts. */
  'rungIndex',
  /** Indices into LIVELOCK_CLASSES and LIVELOCK_CAUSES of core/livelock.ts, and since when on the monotonic clock. */
  'livelockClass',
  'livelockCause',
  'livelockSinceMs',
  /** CLOCK_REALTIME of the tick. */
  'timeMs',
  /** Ticks at or below each bound of TICK_LATENESS_MS (channel/tick-buckets.ts), all of them, and their sum. */
  'tickLateLe0',
  'tickLateLe1',
  'tickLateLe2',
  'tickLateLe3',
  'tickLateLe4',
  'tickLateLe5',
  'tickLateLe6',
  'tickLateLe7',
  'tickLateLe8',
  'tickLateLe9',
  'tickLateCount',
  'tickLateSumMs',
  /** The same by duration: TICK_DURATION_MS. */
  'tickTookLe0',
  'tickTookLe1',
  'tickTookLe2',
  'tickTookLe3',
  'tickTookLe4',
  'tickTookLe5',
  'tickTookLe6',
  'tickTookLe7',
  'tickTookLe8',
  'tickTookLe9',
  'tickTookCount',
  'tickTookSumMs',
] as const;
export type Gauge = (typeof GAUGES)[number];

/** Index of each gauge in the frame. */
export const GAUGE_INDEX = Object.fromEntries(GAUGES.map((name, index) => [name, index])) as Readonly<
  Record<Gauge, number>
>;

/**
 * A row of the backlog is the first gauges up to the time: what the history of memory is made of. The tick counts behind
 * them only ever matter as they are now.
 */
export const BACKLOG_GAUGES: number = GAUGE_INDEX.timeMs + 1;
