/**
 * The certificate that `status` and `top` show where report.http.client_ca asks for one. Without a word it is the daemon's own:
 * who may use its key may ask it. That one is no use where it is good for servers alone, or client_ca is another authority's.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { HttpPolicy } from '../../core/policy.ts';

/** For a person: why there is no answer, and what to type. */
export class Failure extends Error {}

export const CLIENT_OPTIONS = { 'client-cert': { type: 'string' }, 'client-key': { type: 'string' } } as const;

export interface ClientFiles {
  readonly cert: string;
  readonly key: string;
}

/** The files that were named; undefined for none, a text for half of it. */
export const clientFilesOf = (values: {
  readonly 'client-cert'?: string | undefined;
  readonly 'client-key'?: string | undefined;
}): ClientFiles | string | undefined => {
  const { 'client-cert': cert, 'client-key': key } = values;
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) return '--client-cert and --client-key belong together';
  return { cert, key };
};

export const fileOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const remedy = code === 'ENOENT' ? 'there is no such file' : 'call this as root, or as a member of its group';
    throw new Failure(`${path} cannot be read by this user (${code}): ${remedy}`, { cause: error });
  }
};

/** What to show to the daemon; nothing where it asks for nothing. */
export const ownCertificate = (
  { tlsCert, tlsKey, clientCa }: HttpPolicy,
  given: ClientFiles = { cert: tlsCert, key: tlsKey },
): { readonly cert?: string; readonly key?: string } => {
  if (clientCa === '') return {};
  const own = { cert: fileOf(given.cert), key: fileOf(given.key) };
  try {
    createSecureContext(own);
  } catch (error) {
    throw new Failure(`${given.cert} cannot be shown with the key ${given.key}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return own;
};

/** A server that does not like a certificate says no more than this: it lets the connection go after the handshake. */
const isLetGo = (code: string): boolean => code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('ERR_SSL_');

/** Why a daemon that has shown its own certificate gave no answer; '' when it is not for ours. */
export const refusalWords = (code: string, { tlsCert, clientCa }: HttpPolicy, given?: ClientFiles): string =>
  clientCa !== '' && isLetGo(code)
    ? `it lets in nobody without a certificate for clients that ${clientCa} (report.http.client_ca) has signed, and was shown ${given?.cert ?? tlsCert}: name another with --client-cert and --client-key`
    : '';
