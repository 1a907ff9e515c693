/**
 * Bounds how often lines of one sort are written, so that hostile process churn cannot flood a log or fill a disk. The
 * first lines of a window pass, the rest are counted and told when the window is over. Metrics count events before this.
 */

/** Lines of one key that pass within a window. */
const LINES_PER_WINDOW = 20;
export const WINDOW_MS = 10_000;
/** Keys kept at a time; keys are made of enumerated words, so this is never reached by honest events. */
const KEY_LIMIT = 256;

interface Suppressed {
  readonly key: string;
  readonly lines: number;
}

interface RateLimit {
  /** Whether a line of this key may be written now. */
  admits(key: string, nowMs: number): boolean;
  /** Ends the windows that are over (all with `force`) and gives what they held back. */
  expire(nowMs: number, force?: boolean): Suppressed[];
  readonly suppressed: number;
}

interface Window {
  readonly sinceMs: number;
  seen: number;
}

export const createRateLimit = (): RateLimit => {
  const windows = new Map<string, Window>();
  let suppressed = 0;
  /** Windows that ended because the next one of the same key began before `expire` was called. */
  let ended: Suppressed[] = [];

  const end = (key: string, window: Window): void => {
    windows.delete(key);
    if (window.seen > LINES_PER_WINDOW) ended.push({ key, lines: window.seen - LINES_PER_WINDOW });
  };

  return {
    admits: (given, nowMs) => {
      const key = windows.has(given) || windows.size < KEY_LIMIT ? given : 'other';
      const last = windows.get(key);
      if (last !== undefined && nowMs - last.sinceMs >= WINDOW_MS) end(key, last);
      const window = windows.get(key) ?? { sinceMs: nowMs, seen: 0 };
      windows.set(key, window);
      window.seen++;
      if (window.seen <= LINES_PER_WINDOW) return true;
      suppressed++;
      return false;
    },
    expire: (nowMs, force = false) => {
      for (const [key, window] of windows) if (force || nowMs - window.sinceMs >= WINDOW_MS) end(key, window);
      const told = ended;
      ended = [];
      return told;
    },
    get suppressed() {
      return suppressed;
    },
  };
};
