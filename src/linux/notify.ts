/** sd_notify(3) over libc: Node has no AF_UNIX datagram socket, and the command of that name would fork under pressure. */
import { close, sendTo, unixDatagramSocket } from './sys/libc.ts';

export interface Notifier {
  /** "READY=1", "WATCHDOG=1", "STATUS=...": best effort, as sd_notify is. */
  send(state: Uint8Array): void;
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

/** `socketPath` is $NOTIFY_SOCKET; without one, or with one that is unusable, nothing is sent. */
export const createNotifier = (socketPath: string | undefined): Notifier => {
  const address = socketPath === undefined ? null : sockaddrUn(socketPath);
  const fd = address === null ? -1 : unixDatagramSocket();
  return {
    send: (state) => {
      if (fd >= 0 && address !== null) sendTo(fd, state, address);
    },
    close: () => {
      if (fd >= 0) close(fd);
    },
  };
};
