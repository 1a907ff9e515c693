/** WATCHDOG=1 for the service manager, fed by completed ticks only (sd_watchdog_enabled(3)). */
import type { Notifier } from '../../linux/notify.ts';

const FEED = Buffer.from('WATCHDOG=1');

/** Fed four times per period: one late tick must not get us killed. */
const FEEDS_PER_PERIOD = 4;

/** `watchdogUsec` is $WATCHDOG_USEC; without it nothing is fed. */
export const createWatchdog = (
  notifier: Notifier,
  watchdogUsec: string | undefined,
  nowMs: () => number,
): { feed(): void } => {
  const periodMs = Number(watchdogUsec) / 1000;
  if (!(periodMs > 0)) return { feed: () => undefined };
  const everyMs = periodMs / FEEDS_PER_PERIOD;
  let dueMs = 0;
  return {
    feed: () => {
      const now = nowMs();
      if (now < dueMs) return;
      dueMs = now + everyMs;
      notifier.send(FEED);
    },
  };
};
