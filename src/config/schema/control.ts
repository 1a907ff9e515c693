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
      'Socket for "oomwatchd kill-now", made with mode 0600, or "off". Who may write to it may have a process killed. Changed by a restart.',
      'root alone; its folder is that of the unit.',
    ),
  },
  'The way for an operator into the running daemon.',
);
