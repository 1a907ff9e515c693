/** One HTTP POST to a webhook. Of the answer only its status counts; neither address, headers nor body are ever told. */
import { request as requestHttp } from 'node:http';
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

const attemptOf = (status: number, retryAfter: string | undefined): Attempt => {
  if (status >= 200 && status < 300) return { result: 'ok', detail: `HTTP ${status}` };
  const detail = status >= 300 && status < 400 ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`;
  if (status !== SHORT_OF && status < 500) return { result: 'failed', detail };
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0;
  return { result: 'failed', detail, retryAfterMs: Math.min(seconds, RETRY_AFTER_MAX_S) * 1000 };
};

/** Posts `body`, JSON, within the time limit of the webhook. Never rejects. */
export const post = async (webhook: NoticeWebhook, body: string, signal: AbortSignal): Promise<Attempt> => {
  const url = await readUrl(webhook.url, webhook.urlFile);
  if (typeof url === 'string') return { result: 'failed', detail: url };
  const headers = await readHeaders(webhook.headersFile);
  if (typeof headers === 'string') return { result: 'failed', detail: headers };
  const authority = await readAuthority(webhook.caFile ?? '');
  if (typeof authority === 'string') return { result: 'failed', detail: authority };
  const isSecure = url.protocol === 'https:';
  // Who names an authority means that nothing is sent to somebody else.
  if (authority.ca !== undefined && !isSecure)
    return { result: 'failed', detail: 'ca_file is given, and the URL is no https' };
  if (signal.aborted) return { result: 'failed', detail: 'the reporter ends' };

  return new Promise((resolve) => {
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
    const over = (attempt: Attempt): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      sent.destroy();
      resolve(attempt);
    };
    const abort = (): void => over({ result: 'failed', detail: 'given up, as the reporter ends' });
    const limit = setTimeout(
      () => over({ result: 'timeout', detail: `no answer in ${webhook.timeoutMs / 1000} s`, retryAfterMs: 0 }),
      webhook.timeoutMs,
    );
    signal.addEventListener('abort', abort, { once: true });
    // The status says it all: the rest of the answer, however long, is not waited for.
    sent.once('response', ({ statusCode = 0, headers: answer }) => over(attemptOf(statusCode, answer['retry-after'])));
    sent.on('error', (error) => {
      const code = codeOf(error);
      over({ result: 'failed', detail: detailOf(code), ...(isForEver(code) ? {} : { retryAfterMs: 0 }) });
    });
    sent.end(body);
  });
};
