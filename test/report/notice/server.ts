/** Loopback HTTP and HTTPS servers that answer as told, or as badly as told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Hook {
  readonly url: string;
  readonly received: Received[];
}

const open: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();

/** For afterEach. */
export const closeServers = (): void => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of open.splice(0)) server.close();
};

const listening = (server: Server | TcpServer): Promise<string> =>
  new Promise((resolve) => {
    open.push(server);
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook?token=hunter2`);
    });
  });

/** `answer` is called with the number of the request, from 1. */
export const startHook = async (answer: (response: ServerResponse, times: number) => void): Promise<Hook> => {
  const received: Received[] = [];
  const url = await listening(
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        received.push({ method, url: path, headers, body });
        answer(response, received.length);
      });
    }),
  );
  return { url, received };
};

/** By TLS, with this key and certificate. */
export const startTls = async (
  own: { readonly key: string; readonly cert: string },
  answer: (response: ServerResponse) => void,
): Promise<string> => {
  const url = await listening(createSecure(own, (_, response) => answer(response)));
  return url.replace('http:', 'https:');
};

/** Below HTTP: what is done with a connection. */
export const startTcp = (serve: (socket: Socket) => void): Promise<string> =>
  listening(
    createTcp((socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    }),
  );
