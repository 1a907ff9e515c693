/** Keys of control: how an operator reaches the running daemon. */
import type { Parsed } from '../quantities.ts';
import { quantity } from './amount.ts';
import { section, setting } from './field.ts';

/** sun_path of unix(7) has 108 bytes, one for the NUL. */
const SOCKET_PATH_BYTES = 107;
const EXAMPLE = '"/run/oomwatchd/control.sock" or "off"';

const parseSocket = (path: string): Parsed<string> => {
  const fits = path.startsWith('/') && Buffer.byteLength(path) <= SOCKET_PATH_BYTES;
  if (path === 'off' || fits) return { value: path };
  const why = path.startsWith('/') ? `a socket path has at most ${SOCKET_PATH_BYTES} bytes` : 'it is no full path';
  return { problem: `expected ${EXAMPLE}, got ${JSON.stringify(path.slice(0, 120))}: ${why}` };
};

export const control = section(
  {
    socket: setting(
      quantity(parseSocket, EXAMPLE),
      '/run/oomwatchd/control.sock',
      'Unix socket for "oomwatchd kill-now", of mode 0600, or "off". Whoever may write to it may have a process killed. A change takes a restart.',
      'only root may; oomwatchd.tmpfiles makes the directory.',
    ),
  },
  'The way for an operator into the running daemon.',
);
