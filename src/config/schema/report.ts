/** Keys of report: the unprivileged process that logs and serves metrics. */
import { isIP } from 'node:net';
import type { Parsed } from '../quantities.ts';
import { quantity } from './amount.ts';
import { choice, section, setting, text } from './field.ts';
import { http } from './http.ts';
import { incidents } from './incidents.ts';
import { notices, schedules } from './notices.ts';

const LISTEN_EXAMPLE = '"127.0.0.1:9854", "[::1]:9854", "unix:/run/oomwatchd/http.sock" or "off"';
/** sun_path of unix(7) has 108 bytes, one for the NUL. */
const SOCKET_PATH_BYTES = 107;

const refusedListen = (address: string): string => {
  if (address === 'off') return '';
  if (address.startsWith('unix:')) {
    const path = address.slice('unix:'.length);
    if (!path.startsWith('/')) return 'a socket needs its full path, as in "unix:/run/oomwatchd/http.sock"';
    return Buffer.byteLength(path) > SOCKET_PATH_BYTES ? `a socket path has at most ${SOCKET_PATH_BYTES} bytes` : '';
  }
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/s.exec(address) ?? [];
  if (port === '') return 'it has no port';
  if (Number(port) < 1 || Number(port) > 65535) return 'a port is 1 to 65535';
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  // A name is resolved when the daemon starts, and where it leads then is somebody else's decision.
  return isIP(bare) === (bare === host ? 4 : 6) ? '' : 'an address in digits is needed, one of IPv6 in brackets';
};

const parseListen = (address: string): Parsed<string> => {
  const why = refusedListen(address);
  return why === ''
    ? { value: address }
    : { problem: `expected ${LISTEN_EXAMPLE}, got ${JSON.stringify(address.slice(0, 120))}: ${why}` };
};

const TEXTFILE_EXAMPLE = '"/var/lib/prometheus/node-exporter/oomwatchd.prom" or "off"';

const refusedTextfile = (path: string): string => {
  if (path === 'off') return '';
  if (!path.startsWith('/')) return 'a file needs its full path';
  if (path.includes('\0')) return 'no path holds a NUL';
  return path.endsWith('.prom') ? '' : 'node_exporter reads no file whose name does not end in .prom';
};

const parseTextfile = (path: string): Parsed<string> => {
  const why = refusedTextfile(path);
  return why === ''
    ? { value: path }
    : { problem: `expected ${TEXTFILE_EXAMPLE}, got ${JSON.stringify(path.slice(0, 120))}: ${why}` };
};

/** The user whose absence is forgiven, see report.user. */
export const DEFAULT_USER = 'oomwatchd';

export const report = section(
  {
    listen: setting(
      quantity(parseListen, LISTEN_EXAMPLE),
      '127.0.0.1:9854',
      'Address of /metrics, /healthz and the status page: an address of this host with a port, a unix socket or "off". One that others reach needs report.http.token_file or client_ca.',
      'loopback, because the page names processes; scrape it by an agent on the host or a proxy.',
    ),
    log_level: setting(
      choice(['debug', 'info', 'warn', 'error']),
      'info',
      'Least important line that is logged.',
      'a quiet host logs nothing at this level but start, stop and reload.',
    ),
    log_format: setting(
      choice(['auto', 'json', 'pretty']),
      'auto',
      'JSON lines, or a form for people.',
      'pretty on a terminal, JSON everywhere else, so that the journal can be searched by field.',
    ),
    textfile: setting(
      quantity(parseTextfile, TEXTFILE_EXAMPLE),
      'off',
      'File that gets the metrics every 15 s, for the textfile collector of node_exporter.',
      'needs a directory that the user below may write to and a drop-in of the unit (systemd/textfile.conf).',
    ),
    user: text('the name of a system user').optional().meta({
      default: DEFAULT_USER,
      description:
        'System user that the reporting process becomes when oomwatchd runs as root. A user named here must exist.\nWhy this default: created by the package; where it does not exist, "nobody" is used.',
    }),
    incidents,
    notices,
    schedules,
    http,
  },
  'Logs, metrics and incident reports. They run in a process of their own, without privileges.',
);
