/**
 * The token and the certificates of report.http. This process reads them itself, as the unprivileged user that it is: so no
 * secret passes through the process of root, its environment or the policy, and the files need to be readable by that user's
 * group and by nobody else. They are looked at every minute, so a renewed certificate needs no reload.
 */
import { createSecureContext } from 'node:tls';
import type { HttpPolicy } from '../core/policy.ts';
import { digestOf } from './guard.ts';
import { NO_FILE, NO_TOKEN, NOT_READABLE, type Note, OPEN_TO_OTHERS, TOO_LARGE } from './notes.ts';
import { readSmallFile, UnfitFile } from './small-file.ts';

export interface Secrets {
  /** SHA-256 of the token. */
  readonly digest?: Buffer;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

/** A chain of certificates has some 5 kB each. */
const MOST_BYTES = 256 * 1024;
/** 16 characters of base64 are 96 bits: nobody guesses them in the life of a host. */
const LEAST_TOKEN = 16;
/** What "Authorization: Bearer" can carry (RFC 6750, 2.1: b64token). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const OTHERS = 0o007;
const LOOK_MS = 60_000;
const FIRST_RETRY_MS = 1000;

class Fault extends Error {
  readonly file: string;
  constructor(why: string, { file, cause }: { readonly file: string; readonly cause?: unknown }) {
    super(why, { cause });
    this.file = file;
  }
}

const REASONS = { no_file: NO_FILE, too_large: TOO_LARGE } as const;

/** `isSecret`: others may not read it. */
const readFileOf = async (file: string, isSecret: boolean): Promise<string> => {
  try {
    const { text, mode } = await readSmallFile(file, MOST_BYTES);
    if (isSecret && (mode & OTHERS) !== 0) throw new Fault(OPEN_TO_OTHERS, { file });
    return text;
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why =
      error instanceof UnfitFile
        ? REASONS[error.why]
        : NOT_READABLE((error as NodeJS.ErrnoException).code ?? String(error));
    throw new Fault(why, { file, cause: error });
  }
};

/** The token alone on a line, as `openssl rand` writes it. */
export const tokenIn = (text: string): string | undefined => {
  const token = text.trim();
  return token.length >= LEAST_TOKEN && TOKEN.test(token) ? token : undefined;
};

const readToken = async (file: string): Promise<Pick<Secrets, 'digest'>> => {
  if (file === '') return {};
  const token = tokenIn(await readFileOf(file, true));
  if (token === undefined) throw new Fault(NO_TOKEN, { file });
  return { digest: digestOf(token) };
};

const readTls = async ({ tlsCert, tlsKey, clientCa }: HttpPolicy): Promise<Pick<Secrets, 'tls'>> => {
  if (tlsCert === '') return {};
  const cert = await readFileOf(tlsCert, false);
  const key = await readFileOf(tlsKey, true);
  const tls = { cert, key, ...(clientCa === '' ? {} : { ca: await readFileOf(clientCa, false) }) };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new Fault(`cannot be used with its key: ${(error as Error).message}`, { file: tlsCert, cause: error });
  }
  return { tls };
};

export const needsSecrets = ({ tokenFile, tlsCert }: HttpPolicy): boolean => tokenFile !== '' || tlsCert !== '';

const sameAs = (a: Secrets, b: Secrets): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Calls `use` with the first secrets that could be read, and again with changed ones; gives a function that ends it. */
export const keepAccess = (
  http: HttpPolicy,
  tell: (note: Note) => void,
  use: (secrets: Secrets) => void,
  lookMs = LOOK_MS,
): (() => void) => {
  let current: Secrets | undefined;
  let retryMs = Math.min(FIRST_RETRY_MS, lookMs);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const look = async (): Promise<void> => {
    let waitMs = lookMs;
    try {
      const secrets = { ...(await readToken(http.tokenFile)), ...(await readTls(http)) };
      if (isStopped) return;
      if (current === undefined || !sameAs(secrets, current)) {
        if (current !== undefined) tell({ kind: 'access_renewed' });
        current = secrets;
        use(secrets);
      }
    } catch (error) {
      const file = error instanceof Fault ? error.file : '';
      if (current === undefined) {
        waitMs = retryMs;
        retryMs = Math.min(lookMs, retryMs * 2);
      }
      const hasOld = current !== undefined;
      tell({ kind: 'access_failed', file, error: (error as Error).message, hasOld, retryMs: waitMs });
    }
    if (!isStopped) timer = setTimeout(() => void look(), waitMs).unref();
  };
  void look();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
};
