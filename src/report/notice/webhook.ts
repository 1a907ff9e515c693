/** One HTTP POST to a webhook. Of the answer only its status counts; neither address, headers nor body are ever told. */
import { type ClientRequest, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { NoticeWebhook } from '../../core/notice-policy.ts';
import type { Attempt } from './attempt.ts';
import { readAuthority, readHeaders, readUrl } from './webhook-files.ts';

/** A Retry-After beyond this is beyond the time in which a notice is worth anything. */
const RETRY_AFTER_MAX_S = 3600;

const SHORT_OF = 429;

/** Names of faults are our own or those of libuv and OpenSSL: "ECONNREFUSED", "CERT_HAS_EXPIRED". */
const codeOf = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'the request failed';
};

/** Errors of verification, openssl-verification-options(1), that mean: nobody who is trusted has signed it. */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/;

const detailOf = (code: string): string =>
  UNTRUSTED.test(code) ? `${code}: put the certificate of the authority that signed it into ca_file` : code;

/** A certificate does not become valid by waiting. */
const isForEver = (code: string): boolean => /CERT|SIGNATURE|ERR_TLS|SELF_SIGNED|ERR_INVALID/.test(code);

interface Target {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly authority: { readonly ca?: string };
}

const attemptOf = (status: number, retryAfter: string | undefined): Attempt => {
  if (status >= 200 && status < 300) return { result: 'ok', detail: `HTTP ${status}` };
  const detail = status >= 300 && status < 400 ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`;
  if (status !== SHORT_OF && status < 500) return { result: 'failed', detail };
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0;
  return { result: 'failed', detail, retryAfterMs: Math.min(seconds, RETRY_AFTER_MAX_S) * 1000 };
};

/** Where it goes and what goes with it, as the files say now; an attempt when there is nowhere to go. */
const readTarget = async ({
  url: given,
  urlFile,
  headersFile,
  caFile = '',
}: NoticeWebhook): Promise<Target | Attempt> => {
  const url = await readUrl(given, urlFile);
  if (typeof url === 'string') return { result: 'failed', detail: url };
  const headers = await readHeaders(headersFile);
  if (typeof headers === 'string') return { result: 'failed', detail: headers };
  const authority = await readAuthority(caFile);
  if (typeof authority === 'string') return { result: 'failed', detail: authority };
  // Who names an authority means that nothing is sent to somebody else.
  if (authority.ca !== undefined && url.protocol !== 'https:')
    return { result: 'failed', detail: 'ca_file is given, and the URL is no https' };
  return { url, headers, authority };
};

/** Posts `body` to it; tells `over` what came of it. */
const send = ({ url, headers, authority }: Target, body: string, over: (attempt: Attempt) => void): ClientRequest => {
  const isSecure = url.protocol === 'https:';
  const request = isSecure ? requestHttps : requestHttp;
  const sent = request(url, {
    method: 'POST',
    // A connection of its own, gone with the request; the certificate is always looked at.
    agent: false,
    ...(isSecure ? { rejectUnauthorized: true, ...authority } : {}),
    headers: {
      'User-Agent': 'oomwatchd',
      'Content-Type': 'application/json',
      ...headers,
      'Content-Length': Buffer.byteLength(body),
    },
  });
  // The status says it all: the rest of the answer, however long, is not waited for.
  sent.once('response', ({ statusCode = 0, headers: answer }) => over(attemptOf(statusCode, answer['retry-after'])));
  sent.on('error', (error) => {
    const code = codeOf(error);
    over({ result: 'failed', detail: detailOf(code), ...(isForEver(code) ? {} : { retryAfterMs: 0 }) });
  });
  return sent.end(body);
};

/** Posts `body`, JSON, within the time limit of the webhook, the reading of its files included. Never rejects. */
export const post = (webhook: NoticeWebhook, body: string, signal: AbortSignal): Promise<Attempt> =>
  new Promise((resolve) => {
    let sent: ClientRequest | undefined;
    let isOver = false;
    const over = (attempt: Attempt): void => {
      isOver = true;
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      sent?.destroy();
      resolve(attempt);
    };
    const late = (): void => {
      const seconds = webhook.timeoutMs / 1000;
      const detail = sent === undefined ? `its files are not read in ${seconds} s` : `no answer in ${seconds} s`;
      over({ result: 'timeout', detail, retryAfterMs: 0 });
    };
    const abort = (): void => over({ result: 'failed', detail: 'given up, as the reporter ends' });
    const limit = setTimeout(late, webhook.timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    readTarget(webhook)
      .then((target) => {
        // The next attempt has begun, or nobody waits any more.
        if (isOver) return;
        if ('result' in target) over(target);
        else sent = send(target, body, over);
      })
      .catch((error) => over({ result: 'failed', detail: codeOf(error) }));
  });
