/**
 * Which connections there may be. Slow and silent clients cannot keep others out: when room gets short, the oldest of them
 * that has not even asked is let go for whoever comes, then the oldest that does not read its answer.
 */
import type { Server as NetServer, Socket } from 'node:net';

/** Whatever a client does, it is gone after this. */
const LIFE_MS = 10_000;
/** A dozen scrapers and a room of people, each for the moment of an answer. */
const COMFORTABLE = 48;
const MOST_CONNECTIONS = 64;
/** A request on this host is there within a millisecond, one from afar within a round trip or two. */
const TIME_TO_ASK_MS = 250;
/** An answer of 100 kB over a bad line. */
const TIME_TO_READ_MS = 3000;
/** Answers that wait to be read, all together: what 48 open pages come to. */
const MOST_UNREAD_BYTES = 5 * 2 ** 20;

interface Slot {
  readonly socket: Socket;
  readonly sinceMs: number;
  hasAsked: boolean;
}

export interface Connections {
  /** A request has come through this socket, or through TLS upon it. */
  asked(socket: Socket): void;
  /** Whether there is room for an answer of this many bytes; `done` gives it back. */
  reserve(bytes: number): boolean;
  done(bytes: number): void;
}

export const watchConnections = (server: NetServer, nowMs: () => number): Connections => {
  /** In the order in which they came. */
  const slots = new Set<Slot>();
  let unreadBytes = 0;
  let again: NodeJS.Timeout | undefined;

  /** Whether somebody had to go. */
  const letOneGo = (): boolean => {
    const now = nowMs();
    const all = [...slots];
    const victim =
      all.find(({ hasAsked, sinceMs }) => !hasAsked && now - sinceMs >= TIME_TO_ASK_MS) ??
      all.find(({ sinceMs }) => now - sinceMs >= TIME_TO_READ_MS);
    if (victim === undefined) return false;
    victim.socket.destroy();
    slots.delete(victim);
    return true;
  };

  /** Looked at again by the clock: when all places are taken nobody is let in who could give the occasion. */
  const makeRoom = (): void => {
    clearTimeout(again);
    while (slots.size > COMFORTABLE && letOneGo());
    if (slots.size > COMFORTABLE) again = setTimeout(makeRoom, TIME_TO_ASK_MS).unref();
  };

  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', (socket) => {
    const slot: Slot = { socket, sinceMs: nowMs(), hasAsked: false };
    slots.add(slot);
    makeRoom();
    const life = setTimeout(() => socket.destroy(), LIFE_MS);
    socket.once('close', () => {
      clearTimeout(life);
      slots.delete(slot);
    });
  });

  return {
    asked: (socket) => {
      for (const slot of slots) {
        // The socket of a request over TLS is one of its own, with the same peer.
        const isIt =
          slot.socket === socket ||
          (socket.remotePort !== undefined &&
            slot.socket.remotePort === socket.remotePort &&
            slot.socket.remoteAddress === socket.remoteAddress);
        if (isIt) slot.hasAsked = true;
      }
    },
    reserve: (bytes) => {
      if (unreadBytes + bytes > MOST_UNREAD_BYTES) return false;
      unreadBytes += bytes;
      return true;
    },
    done: (bytes) => {
      unreadBytes -= bytes;
    },
  };
};
