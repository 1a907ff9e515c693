/**
 * The watchdog device as the last resort: opened while policy names it and may act, fed by finished turns, left unfed when the
 * ladder has come to its end, and fed again when the shortage is over before the device has run out.
 */

import { never, takeTurn } from '../../core/due.ts';
import type { OomwatchdEvent } from '../../core/event.ts';
import type { WatchdogState } from '../../core/ladder-event.ts';
import type { Policy } from '../../core/policy.ts';
import { ABSENT } from '../../core/units.ts';
import { isCharacterDevice, type Opened, type WatchdogDevice } from '../../linux/watchdog-device.ts';

export interface LastResort {
  /** Opens it, or stops it, as policy says. */
  setPolicy(policy: Policy): Promise<void>;
  /** A turn has ended. `isTaken`: the last resort of the present shortage has been taken. */
  ticked(nowMs: number, isTaken: boolean): void;
  /** Feeds it no more; 0 or the errno. In a dry run, in which nothing is open, whether there is one. */
  leaveUnfed(dryRun: boolean): number;
  /** Tells again what is in force: a new reporter remembers nothing. */
  tell(): void;
  isWaiting(): boolean;
  /** The daemon ends in order. */
  close(): Promise<void>;
}

/** So that the device resets the host no sooner than this before its timeout, counted from the begin of a hang. */
const FEED_EVERY_MS = 1000;

const ENODEV = 19;

export const createLastResort = (device: WatchdogDevice, publish: (event: OomwatchdEvent) => void): LastResort => {
  let path = '';
  let wantedMs = 0;
  let opened: Opened | null = null;
  const lastFed = never();
  let isUnfed = false;
  let failure = 0;

  const told = (state: WatchdogState, errno: number): void => {
    const timeoutMs = opened?.timeoutMs ?? ABSENT;
    publish({ kind: 'watchdog_device', state, device: path, timeoutMs, wantedMs, errno });
  };

  const tell = (): void => {
    if (opened !== null) told(opened.state, opened.errno);
  };

  const release = async (): Promise<void> => {
    const wasOpen = device.isOpen();
    const errno = await device.release();
    if (wasOpen) told(errno === 0 ? 'released' : 'failed', errno);
    opened = null;
    isUnfed = false;
  };

  /** Once for each errno: it is written every second. */
  const fed = (errno: number): void => {
    if (errno !== 0 && errno !== failure) told('failed', errno);
    failure = errno;
  };

  const apply = async ({ mode, act }: Policy): Promise<void> => {
    const isWanted = mode === 'enforce' && act.lastResort === 'watchdog';
    const isSame = act.watchdogDevice === path && act.watchdogTimeoutMs === wantedMs;
    // One that was refused is tried again by each reload.
    if (device.isOpen() && isWanted && isSame) return;
    await release();
    path = act.watchdogDevice;
    wantedMs = act.watchdogTimeoutMs;
    if (!isWanted) return;
    opened = device.open(path, wantedMs);
    tell();
  };

  // One after the other: a release waits for a write that is under way, and the device can be open once.
  let queue = Promise.resolve();
  const next = (step: () => Promise<void>): Promise<void> => {
    queue = queue.then(step);
    return queue;
  };

  return {
    setPolicy: (policy) => next(() => apply(policy)),
    ticked: (nowMs, isTaken) => {
      if (isUnfed && !isTaken) {
        isUnfed = false;
        told('fed_again', 0);
      }
      if (!isUnfed && device.isOpen() && takeTurn(lastFed, FEED_EVERY_MS, nowMs)) device.feed(fed);
    },
    leaveUnfed: (dryRun) => {
      if (dryRun) return isCharacterDevice(path) ? 0 : ENODEV;
      if (!device.isOpen()) return opened?.errno ?? ENODEV;
      isUnfed = true;
      return 0;
    },
    tell,
    isWaiting: device.isFeeding,
    close: () => next(release),
  };
};
