/** Keys of control: how an operator reaches the running daemon, and who acts while it does not. */
import type { Parsed } from '../quantities.ts';
import { duration, quantity } from './amount.ts';
import { count, section, setting, toggle } from './field.ts';

/** sun_path of unix(7) has 108 bytes, one for the NUL. */
const SOCKET_PATH_BYTES = 107;
const EXAMPLE = '"/run/oomwatchd/control.sock" or "off"';

const parseSocket = (path: string): Parsed<string> => {
  const fits = path.startsWith('/') && Buffer.byteLength(path) <= SOCKET_PATH_BYTES;
  if (path === 'off' || fits) return { value: path };
  const why = path.startsWith('/') ? `a socket path has at most ${SOCKET_PATH_BYTES} bytes` : 'it is no full path';
  return { problem: `expected ${EXAMPLE}, got ${JSON.stringify(path.slice(0, 120))}: ${why}` };
};

const standby = section(
  {
    enabled: setting(
      toggle(),
      true,
      'Whether a second process stands by. It is started with the daemon, holds the best candidates ready and acts by the same marks.',
      'a stopped, starved or paged-out main process helps nobody, and the watchdog of systemd takes a minute and a start.',
    ),
    after: setting(
      duration('500ms', '1m', 'less is ordinary lateness under load'),
      '2s',
      'It acts when the next turn of the main process is overdue by more than this; by half, when memory is gone before.',
      'under a thrash the main process was 0.12 s late at worst, 1.2 s on a machine that was short of CPU as well.',
    ),
    kills: setting(
      count(1, 100),
      3,
      'At most this many kills in one absence of the main process, and never more than act.kills_per_minute leaves.',
      'it knows the processes of the last round only: whoever needs more than a few kills needs the main process.',
    ),
  },
  'A second process that acts while the main one does not.',
);

export const control = section(
  {
    socket: setting(
      quantity(parseSocket, EXAMPLE),
      '/run/oomwatchd/control.sock',
      'Unix socket for "oomwatchd kill-now", of mode 0600, or "off". Whoever may write to it may have a process killed. A change takes a restart.',
      'only root may; oomwatchd.tmpfiles makes the directory.',
    ),
    standby,
  },
  'The main process: the way into it, and who acts when it does not.',
);
