/** Clients of the server under test: proper ones, and sockets that misbehave. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { GAUGES } from '../../src/channel/gauges.ts';
import { createHealth } from '../../src/report/health.ts';
import { createHttp, type HttpParts } from '../../src/report/http.ts';

const stops: (() => void)[] = [];

/** For afterEach. */
export const closeAll = (): void => {
  for (const stop of stops.splice(0)) stop();
};

export const onClose = (stop: () => void): void => {
  stops.push(stop);
};

/** A server on a loopback port, healthy, with a metric. */
export const serve = async (
  parts: HttpParts = {},
  address = '127.0.0.1',
): Promise<{ server: Server; port: number }> => {
  const health = createHealth({ paceMaxMs: 1000 }, () => 0);
  health.gauges(new Float64Array(GAUGES.length).fill(1));
  const metrics = { render: () => Promise.resolve('a 1\n'), contentType: 'text/plain; version=0.0.4' };
  const server = createHttp(metrics, health, parts);
  server.listen(0, address);
  await once(server, 'listening');
  onClose(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
};

export interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export const get = async (
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> => {
  const sent = request({ host: '127.0.0.1', port, path, headers, method, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body, headers: response.headers };
};

/** A socket that says `text` and no more; its errors are its own affair. */
export const dial = (port: number, text = ''): Socket => {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  if (text !== '') socket.write(text);
  // What is not read does not end.
  socket.resume();
  onClose(() => socket.destroy());
  return socket;
};

/** Everything that comes until it is closed. */
export const answerOf = async (socket: Socket): Promise<string> => {
  let body = '';
  socket.on('data', (chunk) => {
    body += chunk;
  });
  await once(socket, 'close');
  return body;
};
