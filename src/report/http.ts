/**
 * GET /metrics, /healthz and /readyz. One request a connection and a short life for each connection, so that slow or
 * silent clients hold nothing for long; nothing of a request is used but its method and path.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';
import { INTERNAL_ERROR, METHOD_NOT_ALLOWED, NOT_FOUND, NOT_READY, unhealthyReason } from './notes.ts';

/** A scraper on this host sends its request at once and reads the answer within one socket buffer. */
const HEADERS_TIMEOUT_MS = 3000;
const REQUEST_TIMEOUT_MS = 5000;
/** Whatever a client does, it is gone after this. */
const CONNECTION_LIFE_MS = 10_000;
const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8192;
const CHECK_MS = 1000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const text = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(body)}\n`,
});

const healthAnswer = (health: Health): Answer => {
  const ageMs = health.last()?.ageMs;
  const age = ageMs === undefined ? {} : { last_sample_age_seconds: ageMs / 1000 };
  if (ageMs !== undefined && ageMs <= health.limitMs) return json(200, { status: 'ok', ...age });
  return json(503, { status: 'unhealthy', reason: unhealthyReason(ageMs, health.limitMs), ...age });
};

const readyAnswer = (health: Health): Answer =>
  health.isReady ? json(200, { status: 'ok' }) : json(503, { status: 'not_ready', reason: NOT_READY });

const metricsAnswer = async (metrics: Metrics): Promise<Answer> => {
  try {
    return { status: 200, type: metrics.contentType, body: await metrics.render() };
  } catch {
    // A fault of ours: the scraper sees the 500, and the log goes on.
    return text(500, INTERNAL_ERROR);
  }
};

const answerTo = async (request: IncomingMessage, metrics: Metrics, health: Health): Promise<Answer> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, METHOD_NOT_ALLOWED);
  switch (request.url?.split('?', 1)[0]) {
    case '/metrics':
      return metricsAnswer(metrics);
    case '/healthz':
      return healthAnswer(health);
    case '/readyz':
      return readyAnswer(health);
    default:
      return text(404, NOT_FOUND);
  }
};

const send = (response: ServerResponse, { status, type, body }: Answer): void => {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  // node:http sends no body to HEAD.
  response.end(body);
};

/** A server that is not listening yet. */
export const createHttp = (metrics: Metrics, health: Health): Server => {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_MS,
      keepAlive: false,
    },
    (request, response) => {
      answerTo(request, metrics, health).then(
        (answer) => send(response, answer),
        () => response.destroy(),
      );
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 1;
  server.on('connection', (socket) => {
    const life = setTimeout(() => socket.destroy(), CONNECTION_LIFE_MS);
    socket.once('close', () => clearTimeout(life));
  });
  return server;
};
