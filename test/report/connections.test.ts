/** Who has to go when connections get short, by the clock: sockets that only can be destroyed. */
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchConnections } from '../../src/report/connections.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const setUp = () => {
  const server = new EventEmitter();
  const connections = watchConnections(server as Server, () => performance.now());
  let open = 0;
  const connect = (): Socket => {
    const socket = new EventEmitter() as Socket;
    socket.destroy = () => {
      open--;
      socket.emit('close');
      return socket;
    };
    open++;
    server.emit('connection', socket);
    return socket;
  };
  return { connections, connect, open: () => open };
};

test('a crowd that comes at once and says nothing makes room by itself, before anybody else has come', () => {
  const { connect, open } = setUp();
  for (let count = 0; count < 64; count++) connect();
  expect(open()).toBe(64);
  vi.advanceTimersByTime(300);
  expect(open()).toBe(48);
});

test('whoever has asked is let go only when it does not read for long', () => {
  const { connections, connect, open } = setUp();
  for (let count = 0; count < 64; count++) connections.asked(connect());
  vi.advanceTimersByTime(2900);
  expect(open()).toBe(64);
  vi.advanceTimersByTime(500);
  expect(open()).toBe(48);
});

test('nobody stays for longer than ten seconds, and then nothing is left to wait for', () => {
  const { connect, open } = setUp();
  for (let count = 0; count < 20; count++) connect();
  vi.advanceTimersByTime(9999);
  expect(open()).toBe(20);
  vi.advanceTimersByTime(1);
  expect([open(), vi.getTimerCount()]).toEqual([0, 0]);
});
