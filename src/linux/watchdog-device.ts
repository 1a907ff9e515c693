/**
 * A watchdog device (Documentation/watchdog/watchdog-api.rst): opening it arms it, any write feeds it, and it resets the host
 * by itself when nobody does, also when no process and no SysRq works any more. A write of "V" before close(2) disarms it
 * (magic close), unless the driver was loaded with nowayout.
 */
import { statSync, write as writeOffLoop } from 'node:fs';
import { ABSENT } from '../core/units.ts';

/** Calls of linux/sys; each answers -errno when it fails. */
export interface WatchdogIo {
  openWriteOnly(path: string): number;
  write(fd: number, bytes: Uint8Array, length: number): number;
  close(fd: number): number;
  /** Seconds granted. */
  setWatchdogTimeout(fd: number, seconds: number): number;
  /** Seconds in force. */
  watchdogTimeout(fd: number): number;
  stopWatchdog(fd: number): number;
}

/**
 * What an opening came to. refused: it is not open; short: it resets the host sooner than asked, and cannot be stopped, so it
 * is kept and must be fed. `timeoutMs` is ABSENT when it does not say.
 */
export interface Opened {
  readonly state: 'armed' | 'short' | 'refused';
  readonly timeoutMs: number;
  readonly errno: number;
}

export interface WatchdogDevice {
  /** Opens and so arms it, with a timeout of `wantedMs`, up to the next second. */
  open(path: string, wantedMs: number): Opened;
  isOpen(): boolean;
  /** Begins a write on a thread of the pool, as a controller may take its time (IPMI); `done` gets 0 or the errno. */
  feed(done: (errno: number) => void): void;
  /** A write has not come to its end. */
  isFeeding(): boolean;
  /** Disarms and closes it, after a write that is under way: a later one would take the magic back. 0 or the errno. */
  release(): Promise<number>;
}

const MS_PER_S = 1000;
const ENODEV = 19;
const ENOTTY = 25;
const ERANGE = 34;
const EIO = 5;

/** Anything but the magic. */
const FOOD = Uint8Array.of(0x2e);
const MAGIC_CLOSE = Uint8Array.of(0x56);

/** Asked before the opening, which would have effects on a terminal or a disk as well. */
export const isCharacterDevice = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;

export const createWatchdogDevice = (io: WatchdogIo, isDevice = isCharacterDevice): WatchdogDevice => {
  let fd = ABSENT;
  let feeding: Promise<void> | null = null;

  const disarm = (): number => {
    const magic = io.write(fd, MAGIC_CLOSE, 1);
    io.close(fd);
    fd = ABSENT;
    return Math.max(0, -magic);
  };

  const refuse = (timeoutMs: number, errno: number): Opened => {
    disarm();
    return { state: 'refused', timeoutMs, errno };
  };

  return {
    open: (path, wantedMs) => {
      if (!isDevice(path)) return { state: 'refused', timeoutMs: ABSENT, errno: ENODEV };
      const opened = io.openWriteOnly(path);
      if (opened < 0) return { state: 'refused', timeoutMs: ABSENT, errno: -opened };
      fd = opened;
      // Out of its range, or it has but one: what is in force then is asked below.
      const set = io.setWatchdogTimeout(fd, Math.ceil(wantedMs / MS_PER_S));
      const seconds = io.watchdogTimeout(fd);
      if (seconds === -ENOTTY) return refuse(ABSENT, ENOTTY);
      const timeoutMs = seconds <= 0 ? ABSENT : seconds * MS_PER_S;
      if (timeoutMs >= wantedMs) return { state: 'armed', timeoutMs, errno: 0 };
      const why = set < 0 ? -set : ERANGE;
      // nowayout: closed, it would reset the host for certain.
      return io.stopWatchdog(fd) < 0 ? { state: 'short', timeoutMs, errno: why } : refuse(timeoutMs, why);
    },
    isOpen: () => fd !== ABSENT,
    feed: (done) => {
      if (fd === ABSENT || feeding !== null) return;
      feeding = new Promise((resolve) => {
        writeOffLoop(fd, FOOD, (error) => {
          feeding = null;
          resolve();
          done(error === null ? 0 : Math.abs(error.errno ?? EIO));
        });
      });
    },
    isFeeding: () => feeding !== null,
    release: async () => {
      if (feeding !== null) await feeding;
      return fd === ABSENT ? 0 : disarm();
    },
  };
};
