/**
 * Keeps a server listening on its address. An address that is taken or not there yet costs the metrics for a while and
 * one log line a try; it never ends the process, whose log matters more.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type ListenOptions } from 'node:net';
import { parseListenAddress } from './listen-address.ts';
import type { Note } from './notes.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

const isSocket = (path: string): boolean => {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // Not there any more, or not ours to see: in both cases there is nothing to remove.
    return false;
  }
};

/** Removes the socket file that a dead process left behind: one that is a socket and at which nobody answers. */
const removeStale = (path: string, done: () => void): void => {
  if (!isSocket(path)) {
    done();
    return;
  }
  const probe = connect({ path });
  probe.once('connect', () => {
    probe.destroy();
    done();
  });
  probe.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') {
      try {
        unlinkSync(path);
      } catch {
        // The next attempt to listen fails again and says why.
      }
    }
    done();
  });
};

/** Starts to listen and keeps trying; gives a function that stops it. Everything that happens goes to `tell`. */
export const keepListening = (server: Server, listen: string, tell: (note: Note) => void): (() => void) => {
  const address = parseListenAddress(listen);
  if (address === undefined) tell({ kind: 'listen_invalid', address: listen });
  if (address === undefined || address.kind === 'off') return () => {};

  const options: ListenOptions =
    address.kind === 'tcp'
      ? { host: address.host, port: address.port }
      : // Whoever can reach the file may read, as with the loopback port; the directory decides who can.
        { path: address.path, readableAll: true, writableAll: true };
  let retryMs = FIRST_RETRY_MS;
  let retry: NodeJS.Timeout | undefined;
  let isStopped = false;

  const attempt = (): void => {
    if (!isStopped && !server.listening) server.listen(options);
  };

  server.on('listening', () => {
    retryMs = FIRST_RETRY_MS;
    const bound = server.address();
    if (address.kind === 'unix' || bound === null || typeof bound === 'string') {
      tell({ kind: 'listening', address: listen });
      return;
    }
    const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
    tell({ kind: 'listening', address: `${host}:${bound.port}`, port: bound.port });
  });
  server.on('error', (error: NodeJS.ErrnoException) => {
    // One connection that could not be accepted: its client sees that, and the next one may pass.
    if (server.listening) return;
    tell({ kind: 'listen_failed', address: listen, error: error.code ?? error.message, retryMs });
    retry = setTimeout(() => {
      if (address.kind === 'unix' && error.code === 'EADDRINUSE') removeStale(address.path, attempt);
      else attempt();
    }, retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  });

  if (address.kind === 'unix') removeStale(address.path, attempt);
  else attempt();
  return () => {
    isStopped = true;
    clearTimeout(retry);
    server.close();
    server.closeAllConnections();
  };
};
