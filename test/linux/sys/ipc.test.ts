/** What two processes of ours share, with real descriptors: the wait, and the timer that one sets and the other waits for. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  createTimer,
  isTimerSet,
  packetPair,
  sendDescriptors,
  sendTo,
  sendToAsync,
  setTimer,
  unixDatagramSocket,
  waitFor,
} from '../../../src/linux/sys/ipc.ts';
import { close } from '../../../src/linux/sys/libc.ts';

const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) close(fd);
});

const made = (): { timer: number; here: number; there: number } => {
  const ends = new Int32Array(2);
  expect(packetPair(ends)).toBe(0);
  const [here, there] = ends as unknown as [number, number];
  const timer = createTimer();
  expect(timer).toBeGreaterThan(0);
  open.push(timer, here, there);
  return { timer, here, there };
};

const elapsedMs = (act: () => void): number => {
  const startMs = performance.now();
  act();
  return performance.now() - startMs;
};

describe('a wait', () => {
  it('ends when the timer goes off, and not before', () => {
    const { timer, here } = made();
    expect(setTimer(timer, 1250)).toBe(0);
    // Set anew, as in each turn of control.
    expect(setTimer(timer, 250)).toBe(0);
    expect(isTimerSet(timer)).toBe(true);
    const waitedMs = elapsedMs(() => expect(waitFor(here, -1, timer)).toBe('timeout'));
    expect(waitedMs).toBeGreaterThanOrEqual(249);
    expect(waitedMs).toBeLessThan(1200);
    expect(isTimerSet(timer)).toBe(false);
  });

  it('knows whole seconds and what is left of one', () => {
    const { timer, here } = made();
    setTimer(timer, 1100);
    expect(elapsedMs(() => waitFor(here, -1, timer))).toBeGreaterThanOrEqual(1099);
  });

  it('does not look at a timer that it is not to wait for', () => {
    const { timer, here } = made();
    setTimer(timer, 1);
    expect(elapsedMs(() => expect(waitFor(here, 100, -1)).toBe('timeout'))).toBeGreaterThanOrEqual(99);
  });

  it('ends for a message, and for the end of the other side', () => {
    const { timer, here, there } = made();
    setTimer(timer, 60_000);
    const words = new Int32Array(1);
    expect(sendDescriptors(there, words, 1, words, 0)).toBe(4);
    expect(waitFor(here, -1, timer)).toBe('readable');
    const other = made();
    setTimer(other.timer, 60_000);
    close(other.there);
    expect(waitFor(other.here, -1, other.timer)).toBe('closed');
  });

  it('is told of what is no timer', () => {
    const { here } = made();
    expect(isTimerSet(here)).toBe(false);
    expect(setTimer(here, 1)).toBe(-22);
  });
});

describe('a datagram', () => {
  const [ENOENT, EBADF, EINVAL, EMSGSIZE] = [2, 9, 22, 90];
  const bytes = new Uint8Array(64);
  const nowhere = Buffer.from('\x01\x00/no/such/socket\0', 'latin1');

  it.each([-1, 1_000_000])('through descriptor %d answers -EBADF', (fd) => {
    expect(sendTo(fd, bytes, bytes.length, nowhere)).toBe(-EBADF);
  });

  it('tells why it was not sent', () => {
    const fd = unixDatagramSocket();
    open.push(fd);
    expect(sendTo(fd, bytes, bytes.length, nowhere)).toBe(-ENOENT);
    expect(sendTo(fd, bytes, bytes.length, new Uint8Array(1))).toBe(-EINVAL);
    expect(sendTo(fd, bytes, bytes.length, new Uint8Array(200))).toBe(-EINVAL);
    expect([-EMSGSIZE, -ENOENT]).toContain(sendTo(fd, new Uint8Array(16 << 20), 16 << 20, nowhere));
  });

  it('on another thread tells the same afterwards', async () => {
    const fd = unixDatagramSocket();
    open.push(fd);
    expect(await new Promise((done) => sendToAsync(fd, bytes, bytes.length, nowhere, done))).toBe(-ENOENT);
  });
});
