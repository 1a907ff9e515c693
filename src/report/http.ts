/**
 * What the reporter serves: the status page, /metrics, /healthz and /readyz. One request a connection and a short life for
 * each connection, so that slow or silent clients hold nothing for long; nothing of a request is used but its method, its
 * path, its Host and its Authorization.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Secrets } from './access.ts';
import { type Answer, json, text } from './answer.ts';
import { clientOf, createClientBudget } from './client-budget.ts';
import { type Connections, watchConnections } from './connections.ts';
import { refuseName, refuseToken } from './guard.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';
import {
  INTERNAL_ERROR,
  METHOD_NOT_ALLOWED,
  NO_BODY,
  NOT_FOUND,
  NOT_READY,
  TOO_MUCH_UNREAD,
  TOO_OFTEN,
  unhealthyReason,
} from './notes.ts';
import type { Pages } from './status/pages.ts';

/** A scraper on this host sends its request at once and reads the answer within one socket buffer. */
const HEADERS_TIMEOUT_MS = 3000;
const REQUEST_TIMEOUT_MS = 5000;
const HANDSHAKE_TIMEOUT_MS = 3000;
const MAX_HEADER_BYTES = 8192;
const CHECK_MS = 1000;

export interface HttpParts {
  /** Without it there are metrics and health alone. */
  readonly pages?: Pages;
  /** Those in force when a request comes; without any, everybody who reaches the address may read. */
  readonly secrets?: () => Secrets;
  readonly hostName?: string;
  /** A monotonic clock, for budgets. */
  readonly nowMs?: () => number;
}

const healthAnswer = (health: Health): Answer => {
  const ageMs = health.last()?.ageMs;
  const age = ageMs === undefined ? {} : { last_sample_age_seconds: ageMs / 1000 };
  if (ageMs !== undefined && ageMs <= health.limitMs) return json(200, { status: 'ok', ...age });
  return json(503, { status: 'unhealthy', reason: unhealthyReason(ageMs, health.limitMs), ...age });
};

const readyAnswer = (health: Health): Answer =>
  health.isReady ? json(200, { status: 'ok' }) : json(503, { status: 'not_ready', reason: NOT_READY });

/** A GET that announces a body: nobody here reads it. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

const createRouter = (
  metrics: Pick<Metrics, 'render' | 'contentType'>,
  health: Health,
  { pages, secrets = () => ({}), hostName = '', nowMs = () => performance.now() }: HttpParts,
) => {
  const mayAsk = createClientBudget();

  const pageAnswer = (request: IncomingMessage, path: string): Promise<Answer> | Answer => {
    const { digest, tls } = secrets();
    const isOpen = digest === undefined && tls?.ca === undefined;
    const refused = isOpen ? refuseName(request, hostName) : undefined;
    if (refused !== undefined) return refused;
    if (!mayAsk(clientOf(request.socket.remoteAddress), nowMs())) {
      return text(429, TOO_OFTEN, { 'Retry-After': '1' });
    }
    return pages?.answer(path) ?? text(404, NOT_FOUND);
  };

  return async (request: IncomingMessage): Promise<Answer> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return text(405, METHOD_NOT_ALLOWED, { Allow: 'GET, HEAD' });
    }
    if (hasBody(request)) return text(413, NO_BODY);
    const path = request.url?.split('?', 1)[0] ?? '';
    // Both are open to everybody, as what probes them (a kubelet, a load balancer) has no token, and they tell one word.
    if (path === '/healthz') return healthAnswer(health);
    if (path === '/readyz') return readyAnswer(health);
    const refused = refuseToken(request, secrets().digest);
    if (refused !== undefined) return refused;
    if (path === '/metrics') return { status: 200, type: metrics.contentType, body: await metrics.render() };
    return pageAnswer(request, path);
  };
};

const send = (response: ServerResponse, answer: Answer, connections: Connections): void => {
  // Gone while the answer was made: what is reserved now would never be given back, as its 'close' has been.
  if (response.closed) return;
  const length = Buffer.byteLength(answer.body);
  const hasRoom = connections.reserve(length);
  const { status, type, body, headers = {} } = hasRoom ? answer : text(503, TOO_MUCH_UNREAD, { 'Retry-After': '1' });
  if (hasRoom) response.once('close', () => connections.done(length));
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    Connection: 'close',
  });
  // node:http sends no body to HEAD.
  response.end(body);
};

/** A server that is not listening yet. With certificates it speaks TLS; with a `ca` only to clients of that authority. */
export const createHttp = (
  metrics: Pick<Metrics, 'render' | 'contentType'>,
  health: Health,
  parts: HttpParts = {},
): Server => {
  const answerTo = createRouter(metrics, health, parts);
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_MS,
    keepAlive: false,
  };
  const listener: RequestListener = (request, response) => {
    connections.asked(request.socket);
    answerTo(request)
      // A fault of ours: the client sees the 500, and the log goes on.
      .catch(() => text(500, INTERNAL_ERROR))
      .then((answer) => send(response, answer, connections))
      .catch(() => response.destroy());
  };
  const tls = parts.secrets?.().tls;
  const server =
    tls === undefined
      ? createServer(limits, listener)
      : createSecureServer(
          {
            ...limits,
            ...tls,
            handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
            // Nobody without a certificate gets as far as to a request.
            ...(tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
          },
          listener,
        );
  const connections = watchConnections(server, () => performance.now());
  server.maxRequestsPerSocket = 1;
  return server;
};
