/**
 * The one way from the reporter to control: a pipe into which it may write, and of which only this is ever looked at: that
 * something came. No content, no length, no answer; the bytes fall into a buffer that nobody reads. After one request the pipe is
 * not polled for an hour, so that whoever has taken the reporter over and floods it wakes control once, fills the pipe and gets
 * EAGAIN. Nothing is asked of the kernel while nothing comes.
 */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

interface DrillRequests {
  close(): void;
}

/** A drill forks a process. More often than once an hour nobody needs to know, and nobody may make us. */
const EVERY_MS = 3_600_000;
/** What comes in with the first byte is gone with it; the rest of a flood waits in the pipe. */
const BUFFER_BYTES = 4096;

/** `fd`: the read end, which does not block; it is closed with this. `request` must not throw. */
export const readDrillRequests = (fd: number, request: () => void, everyMs = EVERY_MS): DrillRequests => {
  let rest: NodeJS.Timeout | undefined;
  const options: SocketConstructorOpts & ConnectOpts = {
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer: Buffer.alloc(BUFFER_BYTES),
      callback: () => {
        rest = setTimeout(() => pipe.resume(), everyMs).unref();
        request();
        // Not polled any more until it is resumed.
        return false;
      },
    },
  };
  const pipe = new Socket(options);
  // A pipe that fails costs the drills.
  pipe.on('error', () => undefined);
  pipe.unref();
  pipe.resume();
  return {
    close: () => {
      clearTimeout(rest);
      pipe.destroy();
    },
  };
};
