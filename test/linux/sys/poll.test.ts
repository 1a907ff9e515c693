/** poll(2) on a thread of the pool. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as libc from '../../../src/linux/sys/libc.ts';
import { createPipe, until } from '../../report/pipe.ts';
import { needs } from '../../support/native/skip.ts';

/** Where a thread sleeps that waits in poll(2). */
const POLLING = /^(poll_schedule|do_sys_poll|do_poll)/;

describe('pollPriority', () => {
  const verdictOf = (fd: number, wakeFd: number): Promise<libc.PollVerdict> =>
    new Promise((resolve) => libc.pollPriority(fd, wakeFd, resolve));
  const one = new Uint8Array(new BigUint64Array([1n]).buffer);

  it('is woken by the eventfd, also when much garbage was collected meanwhile', async () => {
    const [wake, pipe] = [libc.eventFd(), createPipe()];
    const verdict = verdictOf(pipe.readFd, wake);
    for (let times = 0; times < 200; times++) new Array(10_000).fill({ times });
    await new Promise((resolve) => setImmediate(resolve));
    expect(libc.write(wake, one, 8)).toBe(8);
    expect(await verdict).toBe('woken');
    for (const fd of [wake, pipe.readFd, pipe.writeFd]) libc.close(fd);
  });

  it('tells a descriptor that cannot be polled from an event', async () => {
    const wake = libc.eventFd();
    for (const fd of [1_000_000, 2 ** 31 - 1]) expect(await verdictOf(fd, wake)).toBe('failed');
    // The writer of a pipe without readers: POLLERR.
    const pipe = createPipe();
    closeSync(pipe.readFd);
    expect(await verdictOf(pipe.writeFd, wake)).toBe('failed');
    // And a reader without writers: POLLHUP, which would be reported again and again.
    const other = createPipe();
    closeSync(other.writeFd);
    expect(await verdictOf(other.readFd, wake)).toBe('failed');
    for (const fd of [wake, pipe.writeFd, other.readFd]) libc.close(fd);
  });

  it('goes on when a signal interrupts it on its thread', async (context) => {
    needs(context, readFileSync('/proc/self/wchan', 'latin1') !== '', 'this kernel has no wchan');
    const [wake, pipe] = [libc.eventFd(), createPipe()];
    const polling = (): string | undefined =>
      readdirSync('/proc/self/task').find((tid) =>
        POLLING.test(readFileSync(`/proc/self/task/${tid}/wchan`, 'latin1')),
      );
    let handled = 0;
    const handler = (): void => void handled++;
    process.on('SIGUSR2', handler);
    let verdict: libc.PollVerdict | undefined;
    libc.pollPriority(pipe.readFd, wake, (said) => {
      verdict = said;
    });
    for (let times = 1; times <= 3; times++) {
      const tid = await until(polling);
      // A signal by thread id goes to that thread, as one does that comes while the main thread blocks all of them.
      process.kill(Number(tid), 'SIGUSR2');
      await until(() => handled === times);
    }
    await until(polling);
    expect(verdict).toBeUndefined();
    libc.write(wake, one, 8);
    expect(await until(() => verdict)).toBe('woken');
    process.off('SIGUSR2', handler);
    for (const fd of [wake, pipe.readFd, pipe.writeFd]) libc.close(fd);
  });

  it('being woken counts more than a failure', async () => {
    const wake = libc.eventFd();
    libc.write(wake, one, 8);
    expect(await verdictOf(1_000_000, wake)).toBe('woken');
    libc.close(wake);
  });
});
