/**
 * Who may ask. A bearer token is compared by its SHA-256 in constant time; Basic authentication with the token as password is
 * taken too, because that is what a browser can ask a person for. Without a token, pages that name processes are given only
 * under names of this host: a web page that had its own name resolve to 127.0.0.1 (DNS rebinding) could read them otherwise.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Answer, text } from './answer.ts';
import { FOREIGN_NAME, UNAUTHORIZED } from './notes.ts';

const REALM = 'realm="oomwatchd"';

export const digestOf = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();

/** The token that a request shows, '' for none. */
const shownToken = (authorization: string): string => {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
};

/** undefined: the request may pass. `digest` is that of the token. */
export const refuseToken = (request: IncomingMessage, digest: Buffer | undefined): Answer | undefined => {
  if (digest === undefined) return undefined;
  // Both sides are 32 bytes, whatever was shown.
  if (timingSafeEqual(digestOf(shownToken(request.headers.authorization ?? '')), digest)) return undefined;
  return text(401, UNAUTHORIZED, { 'WWW-Authenticate': [`Bearer ${REALM}`, `Basic ${REALM}, charset="UTF-8"`] });
};

const hostOf = (header: string): string => header.replace(/:\d*$/, '').toLowerCase();

/** undefined: the request came under a name that no stranger can have pointed here. */
export const refuseName = (request: IncomingMessage, hostName: string): Answer | undefined => {
  // A browser cannot reach a unix socket.
  if (request.socket.remoteAddress === undefined) return undefined;
  const host = hostOf(request.headers.host ?? '');
  const isOwn = ['', 'localhost', hostName.toLowerCase()].includes(host) || host.endsWith('.localhost');
  return isOwn || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 ? undefined : text(421, FOREIGN_NAME);
};
