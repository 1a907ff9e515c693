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
] as const;
export type Gauge = (typeof GAUGES)[number];

/** Index of each gauge in the frame. */
export const GAUGE_INDEX = Object.fromEntries(GAUGES.map((name, index) => [name, index])) as Readonly<
  Record<Gauge, number>
>;
