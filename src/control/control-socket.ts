/**
 * The way for an operator into the running daemon: a unix stream socket of mode 0600, one request a connection, one line of
 * JSON each way. Whoever may open the file is allowed to have a process killed; nothing else is asked. Though only root
 * gets here by default, the bytes are taken for hostile: bounded in length, number and time.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Finding } from '../core/event.ts';
import type { ForcedAnswer, ForcedRequest } from '../core/forced.ts';
import { parseForcedRequest } from './forced-request.ts';

export interface ControlSocket {
  /** Why there is no socket, null when there is one or none was wanted. */
  readonly finding: Finding | null;
  /** Ends all connections and removes the socket file. */
  close(): void;
}

export const REQUEST_BYTES = 1024;
const CONNECTIONS = 4;
/** For the whole of a connection, from its first byte to the last of the answer. */
const DEADLINE_MS = 2000;
/** A daemon that lives accepts at once: the kernel does it for it. */
const PROBE_MS = 1000;

const NEWLINE = 0x0a;
/** All but the owner's reading and writing (umask(2)). */
const OWNER_ONLY = 0o177;

const refuse = (socket: Socket, error: string): void => void socket.end(`${JSON.stringify({ error })}\n`);

/** Nothing is read of it, and the line fits into the buffer of any socket. */
const turnAway = (socket: Socket): void => {
  socket.on('finish', () => socket.destroy());
  socket.on('error', () => socket.destroy());
  refuse(socket, `connection: expected at most ${CONNECTIONS} at a time, got one more; try again`);
};

/** One connection from its first byte to its end. */
const serve = (socket: Socket, force: (request: ForcedRequest) => ForcedAnswer): void => {
  const received = Buffer.alloc(REQUEST_BYTES);
  let length = 0;
  let isAnswered = false;

  const answer = (line: string): void => {
    isAnswered = true;
    const parsed = parseForcedRequest(line);
    if ('error' in parsed) refuse(socket, parsed.error);
    else socket.end(`${JSON.stringify(force(parsed.request))}\n`);
  };
  const reject = (error: string): void => {
    isAnswered = true;
    refuse(socket, error);
  };

  socket.on('data', (chunk: Buffer) => {
    // What comes after the line has been answered is nobody's.
    if (isAnswered) return;
    const copied = chunk.copy(received, length);
    length += copied;
    const end = received.subarray(0, length).indexOf(NEWLINE);
    if (end >= 0 && end === length - 1 && copied === chunk.length) answer(received.toString('utf8', 0, end));
    else if (end >= 0) reject('connection: expected one line, got more behind it; make a connection for each request');
    else if (length === REQUEST_BYTES) {
      reject(`request: expected at most ${REQUEST_BYTES} bytes with the newline, got more; shorten the reason`);
    }
  });
  socket.on('end', () => {
    if (!isAnswered) reject(`request: expected a line that ends, got ${length} bytes without a newline; add it`);
  });
  const deadline = setTimeout(() => {
    if (!isAnswered) reject(`request: expected a line within ${DEADLINE_MS} ms, got ${length} bytes; send it at once`);
    // The answer waits in the kernel's buffer; a peer that never reads it must not keep the connection.
    setImmediate(() => socket.destroy());
  }, DEADLINE_MS);
  socket.on('finish', () => socket.destroy());
  socket.on('close', () => clearTimeout(deadline));
  // The peer has gone: there is nobody left to tell.
  socket.on('error', () => socket.destroy());
};

/** What is at `path`: nothing, a socket at which nobody answers, or why it must be left alone. */
const lookAt = (path: string): Promise<'free' | 'stale' | string> =>
  new Promise((resolve) => {
    try {
      if (!lstatSync(path).isSocket()) return resolve('it exists and is no socket');
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // Anything but "not there" is told better by the attempt to listen.
      return resolve(code === 'ENOENT' ? 'free' : code);
    }
    const probe = connect({ path });
    const timer = setTimeout(() => {
      probe.destroy();
      resolve('it does not tell whether anybody listens there');
    }, PROBE_MS);
    probe.on('connect', () => {
      clearTimeout(timer);
      probe.destroy();
      resolve('another daemon listens there');
    });
    probe.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(code === 'ECONNREFUSED' ? 'stale' : code);
    });
  });

const listen = (server: Server, path: string): Promise<string> =>
  new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.once('listening', () => resolve(''));
    // bind(2) gives the file its mode, so there is no moment in which others may open it. listen() binds before it returns.
    const before = process.umask(OWNER_ONLY);
    server.listen({ path });
    process.umask(before);
  });

const without = (path: string, why: string): ControlSocket => ({
  finding: {
    name: 'control_socket',
    status: 'warn',
    found: `not open at ${path}: ${why}`,
    meaning: 'oomwatchd kill-now does not reach this daemon; SIGUSR2 does',
    remedy:
      'systemd-tmpfiles --create oomwatchd.conf makes its directory; or set control.socket to another path, or "off"',
  },
  close: () => undefined,
});

/**
 * Listens at `path`; `force` is called for each request, synchronously, between two turns of the loop. Never rejects: the
 * daemon goes on without a socket, and the finding says so. "off" opens none.
 */
export const openControlSocket = async (
  path: string,
  force: (request: ForcedRequest) => ForcedAnswer,
): Promise<ControlSocket> => {
  if (path === 'off') return { finding: null, close: () => undefined };
  const found = await lookAt(path);
  if (found === 'stale') {
    try {
      unlinkSync(path);
    } catch {
      // The attempt to listen fails then, and says why.
    }
  } else if (found !== 'free') return without(path, found);

  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (open.size >= CONNECTIONS) {
      turnAway(socket);
      return;
    }
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, force);
  });
  const failure = await listen(server, path);
  if (failure !== '') return without(path, failure);
  // accept(2) without a free descriptor, for example: the next request is tried anew.
  server.on('error', () => undefined);
  return {
    finding: null,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
};
