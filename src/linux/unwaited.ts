/**
 * Writes that the loop never waits for. write(2) to a pipe takes a page and a mutex that a reader holds while it faults, a
 * record for /dev/kmsg takes memory and the time of a slow console, a datagram takes memory: where every allocation loops in
 * reclaim each of them may last for ever. So while that may be, they are made one by one on a thread of the pool, out of
 * memory that was touched at the start; meanwhile what comes is kept as long as there is room.
 */
import { write, writeAsync } from './sys/libc.ts';

export interface UnwaitedIo {
  /** The call itself on this thread: bytes written, or -errno. */
  readonly now: (bytes: Uint8Array, length: number) => number;
  /** The same on a thread of the pool; `bytes` are left alone until `done` runs on the main thread. */
  readonly begin: (bytes: Uint8Array, length: number, done: (written: number) => void) => void;
}

export interface Unwaited {
  /** Takes a message whole: its length, or -errno when it is lost; -EAGAIN where there is no room for it. */
  write(bytes: Uint8Array, length: number): number;
  /** A call is under way, perhaps for ever. */
  isWaiting(): boolean;
  /** Resolves when all that was taken is written, or after `limitMs`. */
  drained(limitMs: number): Promise<void>;
}

/** write(2) to a descriptor. */
export const writesTo = (fd: number): UnwaitedIo => ({
  now: (bytes, length) => write(fd, bytes, length),
  begin: (bytes, length, done) => writeAsync(fd, bytes, length, done),
});

const EINTR = 4;
const EAGAIN = 11;
const ENOMEM = 12;
/** The pipe is full, or no page was to be had: the message is tried again with the next one. */
const PASSING: readonly number[] = [-EINTR, -EAGAIN, -ENOMEM];

const LENGTH_BYTES = 4;

/**
 * `mayWait`: now the call does not last, and is made at once, which costs no other thread. `messageBytes`: of the longest
 * message; `roomBytes`: for what waits, with 4 bytes for each message.
 */
export const createUnwaited = (
  io: UnwaitedIo,
  mayWait: () => boolean,
  messageBytes: number,
  roomBytes: number,
): Unwaited => {
  // Filled, so that the pages come from the kernel now and not in a shortage.
  const room = Buffer.alloc(roomBytes, 1);
  const flight = Buffer.alloc(messageBytes, 1);
  const lengthWord = Buffer.alloc(LENGTH_BYTES);
  let from = 0;
  let queued = 0;
  let inFlight = 0;
  let isUnderWay = false;
  const waiters: (() => void)[] = [];

  const put = (bytes: Uint8Array, length: number): void => {
    const to = (from + queued) % roomBytes;
    const part = Math.min(length, roomBytes - to);
    room.set(bytes.subarray(0, part), to);
    room.set(bytes.subarray(part, length), 0);
    queued += length;
  };

  const take = (into: Uint8Array, length: number): void => {
    const part = Math.min(length, roomBytes - from);
    into.set(room.subarray(from, from + part), 0);
    into.set(room.subarray(0, length - part), part);
    from = (from + length) % roomBytes;
    queued -= length;
  };

  const begin = (): void => {
    if (isUnderWay) return;
    if (inFlight === 0 && queued > 0) {
      take(lengthWord, LENGTH_BYTES);
      inFlight = lengthWord.readUInt32LE();
      take(flight, inFlight);
    }
    if (inFlight === 0) {
      for (const resolve of waiters.splice(0)) resolve();
      return;
    }
    isUnderWay = true;
    io.begin(flight, inFlight, ended);
  };

  const ended = (written: number): void => {
    isUnderWay = false;
    // With the next message, not at once: that would be a busy loop for as long as nobody reads.
    if (PASSING.includes(written)) return;
    inFlight = 0;
    begin();
  };

  return {
    write: (bytes, length) => {
      if (inFlight === 0 && queued === 0 && mayWait()) return io.now(bytes, length);
      const fits = length <= messageBytes && queued + LENGTH_BYTES + length <= roomBytes;
      if (fits) {
        lengthWord.writeUInt32LE(length);
        put(lengthWord, LENGTH_BYTES);
        put(bytes, length);
      }
      begin();
      return fits ? length : -EAGAIN;
    },
    isWaiting: () => isUnderWay,
    drained: (limitMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
        begin();
      }),
  };
};
