/** WATCHDOG=1 for the service manager, fed by completed ticks only (sd_watchdog_enabled(3)). */
import { never, takeTurn } from '../../core/due.ts';
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
  const fed = never();
  return {
    feed: () => {
      if (takeTurn(fed, everyMs, nowMs())) notifier.send(FEED);
    },
  };
};
