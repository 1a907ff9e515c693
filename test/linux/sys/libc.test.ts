/** Every function gives the kernel's result or -errno; none throws, whatever descriptor it gets. */
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { collectPids } from '../../../src/linux/proc/dirent.ts';
import * as ipc from '../../../src/linux/sys/ipc.ts';
import * as libc from '../../../src/linux/sys/libc.ts';

const [ENOENT, ESRCH, EBADF, EAGAIN, ENOTDIR, EISDIR, EINVAL, ESPIPE] = [2, 3, 9, 11, 20, 21, 22, 29];
const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-libc-'));
const file = join(folder, 'file');
writeFileSync(file, '0123456789');
afterAll(() => rmSync(folder, { recursive: true }));

/** Never open here. */
const BAD = [-1, -2, 1_000_000, 2 ** 31 - 1];
const bytes = new Uint8Array(64);

describe.each(BAD)('descriptor %i', (fd) => {
  it.each<[string, () => number]>([
    ['close', () => libc.close(fd)],
    ['preadAt0', () => libc.preadAt0(fd, bytes, bytes.length)],
    ['preadAt', () => libc.preadAt(fd, bytes, bytes.length, 3)],
    ['write', () => libc.write(fd, bytes, 1)],
    ['getdents64', () => libc.getdents64(fd, bytes)],
    ['rewind', () => libc.rewind(fd)],
    ['pidfdSendSignal', () => libc.pidfdSendSignal(fd, 0)],
    ['processMrelease', () => libc.processMrelease(fd)],
    ['setPipeSize', () => libc.setPipeSize(fd, 4096)],
  ])('%s answers -EBADF', (_, call) => expect(call()).toBe(-EBADF));

  it('is not readable: what is not open has not exited', () => expect(libc.isReadable(fd)).toBe(false));
});

describe('open', () => {
  const openFails = [
    ['openReadOnly', libc.openReadOnly, '', -ENOENT],
    ['openReadOnly', libc.openReadOnly, `${file}/x`, -ENOTDIR],
    ['openReadOnly', libc.openReadOnly, join(folder, 'none'), -ENOENT],
    ['openDirectory', libc.openDirectory, file, -ENOTDIR],
    ['openReadWrite', libc.openReadWrite, folder, -EISDIR],
    ['openWriteOnly', libc.openWriteOnly, folder, -EISDIR],
    ['openWriteOnly', libc.openWriteOnly, join(folder, 'none'), -ENOENT],
  ] as const;
  it.each(openFails)('%s fails with the errno of the kernel (%#)', (_, open, path, errno) => {
    expect(open(path)).toBe(errno);
  });

  it('takes paths of any bytes that are UTF-8', () => {
    const path = join(folder, 'ünïcode €');
    writeFileSync(path, 'x');
    const fd = libc.openReadOnly(path);
    expect(libc.preadAt0(fd, bytes, 8)).toBe(1);
    expect(libc.close(fd)).toBe(0);
    expect(libc.close(fd)).toBe(-EBADF);
  });

  it('makes every descriptor close-on-exec', () => {
    const ends = new Int32Array(2);
    expect(libc.pipeNonBlocking(ends)).toBe(0);
    const fds = [
      ...[libc.openReadOnly(file), libc.openDirectory(folder), libc.openReadWrite(file), libc.openWriteOnly(file)],
      ...[libc.pidfdOpen(process.pid), libc.eventFd(), ipc.unixDatagramSocket(), ...ends],
    ];
    for (const fd of fds) {
      expect(fd).toBeGreaterThan(2);
      const flags = Number.parseInt(
        /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '',
        8,
      );
      expect(flags & 0o2000000).toBe(0o2000000);
      expect(libc.close(fd)).toBe(0);
    }
  });
});

describe('read and write', () => {
  it('reads at the beginning and behind it, whatever was read before, and writes where it is', () => {
    const fd = libc.openReadWrite(file);
    expect(libc.preadAt0(fd, bytes, 4)).toBe(4);
    expect(libc.preadAt0(fd, bytes, 64)).toBe(10);
    expect(Buffer.from(bytes.subarray(0, 10)).toString()).toBe('0123456789');
    expect(libc.preadAt(fd, bytes, 64, 7)).toBe(3);
    expect(libc.preadAt(fd, bytes, 64, 10)).toBe(0);
    expect(libc.preadAt(fd, bytes, 64, -1)).toBe(-EINVAL);
    expect(libc.write(fd, Buffer.from('ab'), 2)).toBe(2);
    expect(readFileSync(file, 'latin1')).toBe('ab23456789');
    expect(libc.close(fd)).toBe(0);
    const writing = libc.openWriteOnly(file);
    expect(libc.preadAt0(writing, bytes, 4)).toBe(-EBADF);
    expect(libc.close(writing)).toBe(0);
  });

  it('has no position in a pipe, and does not block on one', () => {
    const ends = new Int32Array(2);
    expect(libc.pipeNonBlocking(ends)).toBe(0);
    const [readFd = -1, writeFd = -1] = ends;
    expect(libc.preadAt0(readFd, bytes, 4)).toBe(-ESPIPE);
    expect(libc.isReadable(readFd)).toBe(false);
    expect(libc.setPipeSize(writeFd, 4096)).toBe(4096);
    expect(libc.write(writeFd, new Uint8Array(4096), 4096)).toBe(4096);
    expect(libc.write(writeFd, bytes, 1)).toBe(-EAGAIN);
    expect(libc.isReadable(readFd)).toBe(true);
    expect(readSync(readFd, bytes, 0, 4, null)).toBe(4);
    for (const fd of ends) libc.close(fd);
  });

  it('lists a directory, again after a rewind, and no other file', () => {
    const fd = libc.openDirectory('/proc');
    const listing = new Uint8Array(32_768);
    const pids = new Int32Array(4096);
    const list = (): number[] => {
      let count = 0;
      for (;;) {
        const length = libc.getdents64(fd, listing);
        if (length <= 0) return [...pids.subarray(0, count)];
        count = collectPids(listing, length, pids, count);
      }
    };
    expect(list()).toContain(process.pid);
    expect(list()).toEqual([]);
    expect(libc.rewind(fd)).toBe(0);
    expect(list()).toContain(process.pid);
    // Too small for one entry.
    expect(libc.rewind(fd)).toBe(0);
    expect(libc.getdents64(fd, new Uint8Array(8))).toBe(-EINVAL);
    libc.close(fd);
    const plain = libc.openReadOnly(file);
    expect(libc.getdents64(plain, listing)).toBe(-ENOTDIR);
    libc.close(plain);
  });
});

describe('processes', () => {
  it('have a pidfd when they are there', () => {
    expect(libc.pidfdOpen(2 ** 22 + 1)).toBe(-ESRCH);
    for (const pid of [0, -1]) expect(libc.pidfdOpen(pid)).toBe(-EINVAL);
    const pidfd = libc.pidfdOpen(process.pid);
    expect(libc.isReadable(pidfd)).toBe(false);
    expect(libc.pidfdSendSignal(pidfd, 0)).toBe(0);
    expect(libc.pidfdSendSignal(pidfd, 1000)).toBe(-EINVAL);
    // Not dying: refused, or not known to a kernel before 5.15.
    expect([-EINVAL, -38]).toContain(libc.processMrelease(pidfd));
    libc.close(pidfd);
    const plain = libc.openReadOnly(file);
    expect(libc.pidfdSendSignal(plain, 0)).toBe(-EBADF);
    libc.close(plain);
  });

  it('mlockOnFault refuses what is not mapped', () => {
    expect(libc.mlockOnFault(4096, 4096)).toBe(-12);
    expect(libc.mlockOnFault(0, 0)).toBe(0);
  });
});

describe('time and usage', () => {
  it('monotonicMs never goes back and keeps pace', async () => {
    let last = libc.monotonicMs();
    const [start, startNode] = [last, performance.now()];
    for (let times = 0; times < 100_000; times++) {
      const now = libc.monotonicMs();
      if (now < last || !Number.isInteger(now)) throw new Error(`${last} then ${now}`);
      last = now;
    }
    await sleep(60);
    // The best of many: between two looks at two clocks this process may have to wait for its CPU.
    const drift = () => Math.abs(libc.monotonicMs() - start - (performance.now() - startNode));
    expect(Math.min(...Array.from({ length: 50 }, drift))).toBeLessThan(3);
    expect(start).toBeGreaterThanOrEqual(0);
  });

  it('ownMajorFaults is field 12 of stat', () => {
    const own = libc.ownMajorFaults();
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    expect(Number(fields[12 - 3])).toBeGreaterThanOrEqual(own);
    expect(own).toBeGreaterThanOrEqual(0);
  });
});

it('leaves no descriptor behind', () => {
  mkdirSync(join(folder, 'd'));
  const count = (): number => readdirSync('/proc/self/fd').length;
  const before = count();
  for (let times = 0; times < 100; times++) {
    libc.close(libc.openReadOnly(file));
    libc.close(libc.pidfdOpen(process.pid));
    expect(libc.openReadOnly(join(folder, 'none'))).toBe(-ENOENT);
  }
  closeSync(openSync(file, constants.O_RDONLY));
  expect(count()).toBe(before);
});
