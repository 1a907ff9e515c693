/** Keys of report.http: who may read what the reporter serves. Paths alone; the files are the reporter's to read. */
import type { Parsed } from '../quantities.ts';
import { quantity } from './amount.ts';
import { section, setting } from './field.ts';

const EXAMPLE = '"/etc/oomwatchd/NAME" or "off"';
/** PATH_MAX of Linux with its NUL. */
const PATH_BYTES = 4095;

const parsePath = (path: string): Parsed<string> => {
  if (path === 'off') return { value: '' };
  const fits = path.startsWith('/') && !path.includes('\0') && Buffer.byteLength(path) <= PATH_BYTES;
  if (fits) return { value: path };
  return { problem: `expected ${EXAMPLE}, got ${JSON.stringify(path.slice(0, 120))}: it is no full path of a file` };
};

const file = (what: string, because: string) => setting(quantity(parsePath, EXAMPLE), 'off', what, because);

export const http = section(
  {
    token_file: file(
      'File with a token of 16 characters or more, which whoever asks must show ("Authorization: Bearer TOKEN", or as password). /healthz and /readyz need none.',
      'on loopback the kernel decides who gets in: whoever is on this host sees its processes anyway.',
    ),
    tls_cert: file(
      'File with the certificate that is shown, and its chain; with it, TLS is spoken.',
      'a loopback address needs no TLS, and a proxy has its own.',
    ),
    tls_key: file(
      'File with the key of tls_cert, readable by the group of report.user and by nobody else.',
      'belongs to tls_cert.',
    ),
    client_ca: file(
      'File with the certificates of those who may sign client certificates: nobody without one gets in, /healthz included.',
      'not every scraper has a certificate.',
    ),
  },
  'Who may read /metrics and the pages. The files are read by the reporting process (owner or group report.user, chmod 640), and again every minute.',
);
