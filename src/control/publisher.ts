/**
 * Events and numbers to the report process over a non-blocking pipe. A full pipe drops an event and counts it; the count is
 * told as soon as something fits again. Numbers that were not read are kept (backlog.ts) and sent later. Nothing here
 * waits, and nothing is queued on the heap.
 */
import { createGaugeFrame, encodeEvent, MAX_FRAME_BYTES } from '../channel/frame.ts';
import { BACKLOG_GAUGES, GAUGE_INDEX } from '../channel/gauges.ts';
import type { OomwatchdEvent } from '../core/event.ts';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES } from '../core/livelock.ts';
import type { Sample } from '../core/sample.ts';
import { LEVEL } from '../core/verdict.ts';
import { createBacklog } from './backlog.ts';
import type { LoopNumbers, Publisher } from './ports.ts';
import { putTickCounts } from './tick-counts.ts';

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
/**
 * While memory is short or stalls, for whoever looks back at it. These do not go out one by one: a second of them follows the
 * numbers of that second as one frame, which takes a third of the system calls and of the kernel's pages.
 */
const TENTHS_EVERY_MS = 100;
/** Frames of backlog that follow one of numbers: ten minutes of it are handed over in some 20 s. */
const BACKLOG_FRAMES = 4;
/** Where pages of the pipe are hard to come by: no more than what comes up in a second. */
const BACKLOG_FRAMES_IN_EMERGENCY = 1;

interface EventPublisher extends Publisher {
  /** Events that did not fit into the pipe. */
  readonly dropped: () => number;
  /** Another reporter reads from now on: it is sent the numbers of the last minutes again. */
  readonly restarted: () => void;
}

/** Every tick overwrites `slow` by reference; the caller refreshes it when it likes. */
export const createPublisher = (ports: PublisherPorts, slow: SlowNumbers): EventPublisher => {
  const eventFrame = Buffer.alloc(MAX_FRAME_BYTES);
  const gaugeFrame = createGaugeFrame();
  const { values } = gaugeFrame;
  const row = values.subarray(0, BACKLOG_GAUGES);
  const backlog = createBacklog();
  let dropped = 0;
  let untold = 0;
  let gaugesMs = Number.NEGATIVE_INFINITY;
  let tenthMs = Number.NEGATIVE_INFINITY;

  const send = (event: OomwatchdEvent): boolean => {
    const stamped = { ...event, timeMs: ports.timeMs(), monotonicMs: ports.monotonicMs() };
    const length = encodeEvent(stamped, eventFrame);
    return length > 0 && ports.write(eventFrame, length) === length;
  };

  const fill = (loop: LoopNumbers, sample: Sample): void => {
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
    values[GAUGE_INDEX.timeMs] = ports.timeMs();
    putTickCounts(loop.lateness, values, GAUGE_INDEX.tickLateLe0);
    putTickCounts(loop.durations, values, GAUGE_INDEX.tickTookLe0);
  };

  return {
    dropped: () => dropped,
    publish: (event) => {
      if (untold > 0 && send({ kind: 'dropped', count: untold })) untold = 0;
      if (send(event)) return;
      dropped++;
      untold++;
    },
    gauges: (loop, sample) => {
      const { nowMs, level } = loop;
      const isSecond = nowMs - gaugesMs >= GAUGES_EVERY_MS;
      const isTenth = (level >= LEVEL.APPROACH || loop.stalls) && nowMs - tenthMs >= TENTHS_EVERY_MS;
      if (!isSecond && !isTenth) return;
      fill(loop, sample);
      let isSent = false;
      if (isSecond) {
        gaugesMs = nowMs;
        isSent = ports.write(gaugeFrame.buffer, gaugeFrame.buffer.length) === gaugeFrame.buffer.length;
        backlog.second(row, isSent);
      }
      if (isTenth) {
        tenthMs = nowMs;
        backlog.tenth(row, isSent);
      }
      if (isSent) backlog.handOver(ports.write, level < LEVEL.TERM ? BACKLOG_FRAMES : BACKLOG_FRAMES_IN_EMERGENCY);
    },
    restarted: backlog.sendAgain,
  };
};
