/**
 * What report.listen and report.http say together: nothing is served to other hosts without asking who they are. The files are
 * looked at, never read: that is for the reporting process.
 */
import { statSync } from 'node:fs';
import type { Conflict } from './conflict.ts';
import type { Settings } from './schema.ts';

/** What one file is like; undefined: it cannot be looked at by this user, who may be somebody else than the daemon. */
export type LookAt = (file: string) => { readonly isFile: boolean; readonly mode: number } | undefined;

const OTHERS = 0o007;

type Http = Settings['report']['http'];

const path = (name: keyof Http) => ['report', 'http', name];
const LISTEN = ['report', 'listen'];

const isLoopback = (listen: string): boolean => /^(127\.|\[::1\]:)/.test(listen);
const isElsewhere = (listen: string): boolean => listen !== 'off' && !listen.startsWith('unix:') && !isLoopback(listen);

const together = (listen: string, http: Http): Conflict[] => {
  const { token_file: token, tls_cert: cert, tls_key: key, client_ca: ca } = http;
  const found: Conflict[] = [];
  if (isElsewhere(listen) && token === '' && ca === '') {
    const message =
      'others than this host reach this address, and the page names processes: set report.http.token_file, or tls_cert, tls_key and client_ca, or listen on 127.0.0.1';
    found.push({ paths: [LISTEN, path('token_file'), path('client_ca')], message });
  }
  if ((cert === '') !== (key === '')) {
    const message = 'tls_cert and tls_key belong together; set both or none';
    found.push({ paths: [path('tls_cert'), path('tls_key')], message });
  }
  if (ca !== '' && cert === '') {
    const message = 'clients show their certificates by TLS, so client_ca needs tls_cert and tls_key';
    found.push({ paths: [path('client_ca'), path('tls_cert')], message });
  }
  if (cert !== '' && listen.startsWith('unix:')) {
    const message =
      'a unix socket speaks no TLS; leave tls_cert, tls_key and client_ca out, its directory decides who gets in';
    found.push({ paths: [path('tls_cert'), LISTEN], message });
  }
  return found;
};

const ofFile = (name: keyof Http, file: string, lookAt: LookAt): Conflict[] => {
  const facts = file === '' ? undefined : lookAt(file);
  if (facts === undefined) return [];
  const isSecret = name === 'token_file' || name === 'tls_key';
  const why = !facts.isFile
    ? 'is no file; name one, or write "off"'
    : isSecret && (facts.mode & OTHERS) !== 0
      ? `may be used by everybody on this host (mode ${(facts.mode & 0o7777).toString(8)}): chmod 640, group of report.user`
      : '';
  return why === '' ? [] : [{ paths: [path(name)], message: `${file} ${why}` }];
};

export const httpConflicts = ({ report: { listen, http } }: Settings, lookAt: LookAt): Conflict[] => [
  ...together(listen, http),
  ...(Object.keys(http) as (keyof Http)[]).flatMap((name) => ofFile(name, http[name], lookAt)),
];

/** The real one. A file that is not there is a problem for its reader, too, and told as one that is none. */
export const lookAtFile: LookAt = (file) => {
  try {
    const facts = statSync(file);
    return { isFile: facts.isFile(), mode: facts.mode };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? { isFile: false, mode: 0 } : undefined;
  }
};
