/** The service manager's end of sd_notify(3): a datagram socket, which Node cannot make by itself. */
import koffi from 'koffi';

export interface NotifySocket {
  /** For $NOTIFY_SOCKET: a name in the abstract namespace. */
  readonly address: string;
  /** All messages so far, oldest first. */
  messages(): string[];
  close(): void;
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MAX_BYTES = 4096;
/** The queue holds ten (net.unix.max_dgram_qlen), and the daemon drops what does not fit: pings of the watchdog fill it. */
const DRAIN_MS = 100;

const libc = koffi.load(null);
const socket = libc.func('socket', 'int', ['int', 'int', 'int']);
const bind = libc.func('bind', 'int', ['int', 'void *', 'uint']);
const recv = libc.func('recv', 'long', ['int', 'void *', 'size_t', 'int']);
const close = libc.func('close', 'int', ['int']);

let count = 0;

export const openNotifySocket = (): NotifySocket => {
  const name = `oomwatchd-e2e-${process.pid}-${count++}`;
  const address = Buffer.alloc(3 + name.length);
  address.writeUInt16LE(AF_UNIX);
  address.write(name, 3);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, address, address.length) < 0) throw new Error(`cannot bind @${name}`);
  const received: string[] = [];
  const buffer = Buffer.alloc(MAX_BYTES);
  let isOpen = true;
  const messages = (): string[] => {
    for (;;) {
      const length = isOpen ? recv(fd, buffer, buffer.length, MSG_DONTWAIT) : -1;
      if (length < 0) return [...received];
      received.push(buffer.toString('utf8', 0, length));
    }
  };
  const draining = setInterval(messages, DRAIN_MS);
  draining.unref();
  return {
    address: `@${name}`,
    messages,
    close: () => {
      clearInterval(draining);
      if (isOpen) close(fd);
      isOpen = false;
    },
  };
};
