/** sd_notify(3) over libc: Node has no AF_UNIX datagram socket, and the command of that name would fork under pressure. */
import { sendTo, sendToAsync, unixDatagramSocket } from './sys/ipc.ts';
import { close } from './sys/libc.ts';
import { createUnwaited } from './unwaited.ts';

export interface Notifier {
  /** "READY=1", "WATCHDOG=1", "STATUS=...": best effort, as sd_notify is. */
  send(state: Uint8Array): void;
  /** A message is under way, perhaps for ever. */
  isWaiting(): boolean;
  close(): void;
}

const AF_UNIX = 1;
const SUN_PATH_BYTES = 108;

/** struct sockaddr_un (unix(7)); "@name" is the abstract namespace. null when the path does not fit. */
export const sockaddrUn = (path: string): Uint8Array | null => {
  const name = Buffer.from(path);
  const abstract = path.startsWith('@');
  if (name.length === 0 || name.length >= SUN_PATH_BYTES) return null;
  const address = new Uint8Array(2 + name.length + (abstract ? 0 : 1));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  if (abstract) address[2] = 0;
  return address;
};

/** A status line, and some: what waits longer is of no use. */
const MESSAGE_BYTES = 1024;
const ROOM_BYTES = 4096;

/**
 * `socketPath` is $NOTIFY_SOCKET; without one, or with one that is unusable, nothing is sent. `mayWait`: see linux/unwaited.
 */
export const createNotifier = (socketPath: string | undefined, mayWait: () => boolean): Notifier => {
  const address = socketPath === undefined ? null : sockaddrUn(socketPath);
  const fd = address === null ? -1 : unixDatagramSocket();
  if (fd < 0 || address === null) return { send: () => undefined, isWaiting: () => false, close: () => undefined };
  const socket = createUnwaited(
    {
      now: (bytes, length) => sendTo(fd, bytes, length, address),
      begin: (bytes, length, done) => sendToAsync(fd, bytes, length, address, done),
    },
    mayWait,
    MESSAGE_BYTES,
    ROOM_BYTES,
  );
  return {
    send: (state) => void socket.write(state, state.length),
    isWaiting: socket.isWaiting,
    close: () => void close(fd),
  };
};
