/**
 * Events and numbers to the report process over a non-blocking pipe. A full pipe drops the frame and counts it; the
 * count is told as soon as something fits again. Nothing here waits, and nothing is queued on the heap.
 */
import { createGaugeFrame, encodeEvent, MAX_FRAME_BYTES } from '../channel/frame.ts';
import { GAUGE_INDEX } from '../channel/gauges.ts';
import type { OomwatchdEvent } from '../core/event.ts';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES } from '../core/livelock.ts';
import type { Sample } from '../core/sample.ts';
import type { LoopNumbers, Publisher } from './ports.ts';

/** Numbers that are not the loop's own and change seldom. */
export interface SlowNumbers {
  ownRssKiB: number;
  known: number;
  armed: number;
  reporterRestarts: number;
  lockedKiB: number;
  standbyUp: number;
}

export interface PublisherPorts {
  /** write(2) to the pipe: bytes written or -errno. */
  readonly write: (bytes: Uint8Array, length: number) => number;
  readonly monotonicMs: () => number;
  readonly timeMs: () => number;
}

/** Numbers go out once a second at the most: scrapes come every 15 s or so, and each frame is a system call. */
const GAUGES_EVERY_MS = 1000;

/** Every tick overwrites `slow` by reference; the caller refreshes it when it likes. */
export const createPublisher = (
  ports: PublisherPorts,
  slow: SlowNumbers,
): Publisher & { readonly dropped: () => number } => {
  const eventFrame = Buffer.alloc(MAX_FRAME_BYTES);
  const gaugeFrame = createGaugeFrame();
  const { values } = gaugeFrame;
  let dropped = 0;
  let untold = 0;
  let gaugesMs = Number.NEGATIVE_INFINITY;

  const send = (event: OomwatchdEvent): boolean => {
    const stamped = { ...event, timeMs: ports.timeMs(), monotonicMs: ports.monotonicMs() };
    const length = encodeEvent(stamped, eventFrame);
    return length > 0 && ports.write(eventFrame, length) === length;
  };

  return {
    dropped: () => dropped,
    publish: (event) => {
      if (untold > 0 && send({ kind: 'dropped', count: untold })) untold = 0;
      if (send(event)) return;
      dropped++;
      untold++;
    },
    gauges: (loop: LoopNumbers, sample: Sample) => {
      if (loop.nowMs - gaugesMs < GAUGES_EVERY_MS) return;
      gaugesMs = loop.nowMs;
      values[GAUGE_INDEX.monotonicMs] = loop.nowMs;
      values[GAUGE_INDEX.levelIndex] = loop.level;
      values[GAUGE_INDEX.observing] = loop.observing ? 1 : 0;
      values[GAUGE_INDEX.memTotalKiB] = sample.memTotalKiB;
      values[GAUGE_INDEX.memAvailableKiB] = sample.memAvailableKiB;
      values[GAUGE_INDEX.memFreeKiB] = sample.memFreeKiB;
      values[GAUGE_INDEX.swapTotalKiB] = sample.swapTotalKiB;
      values[GAUGE_INDEX.swapFreeKiB] = sample.swapFreeKiB;
      values[GAUGE_INDEX.memorySomeUs] = sample.memorySomeUs;
      values[GAUGE_INDEX.memoryFullUs] = sample.memoryFullUs;
      values[GAUGE_INDEX.ioFullUs] = sample.ioFullUs;
      values[GAUGE_INDEX.headroomKiB] = loop.headroomKiB;
      values[GAUGE_INDEX.exhaustionMs] = loop.exhaustionMs;
      values[GAUGE_INDEX.ticks] = loop.ticks;
      values[GAUGE_INDEX.tickLateMs] = loop.lateMs;
      values[GAUGE_INDEX.tickLateMaxMs] = loop.lateMaxMs;
      values[GAUGE_INDEX.tickDurationUs] = loop.durationMs * 1000;
      values[GAUGE_INDEX.ownMajorFaults] = sample.ownMajorFaults;
      values[GAUGE_INDEX.ownRssKiB] = slow.ownRssKiB;
      values[GAUGE_INDEX.processesKnown] = slow.known;
      values[GAUGE_INDEX.processesArmed] = slow.armed;
      values[GAUGE_INDEX.eventsDropped] = dropped;
      values[GAUGE_INDEX.reporterRestarts] = slow.reporterRestarts;
      values[GAUGE_INDEX.lockedKiB] = slow.lockedKiB;
      values[GAUGE_INDEX.standbyUp] = slow.standbyUp;
      const { stall } = loop;
      values[GAUGE_INDEX.stalling] = stall.stalling;
      values[GAUGE_INDEX.stallDying] = stall.dying;
      values[GAUGE_INDEX.stallExiting] = stall.exiting;
      values[GAUGE_INDEX.stallVictim] = stall.victim;
      values[GAUGE_INDEX.stallLongestMs] = Math.max(0, stall.longestMs);
      values[GAUGE_INDEX.rungIndex] = loop.rung;
      const { class: livelockClass, cause, sinceMs } = loop.livelock;
      values[GAUGE_INDEX.livelockClass] = LIVELOCK_CLASSES.indexOf(livelockClass);
      values[GAUGE_INDEX.livelockCause] = LIVELOCK_CAUSES.indexOf(cause);
      values[GAUGE_INDEX.livelockSinceMs] = sinceMs;
      ports.write(gaugeFrame.buffer, gaugeFrame.buffer.length);
    },
  };
};
