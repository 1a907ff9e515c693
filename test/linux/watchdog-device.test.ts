/** On files of this test, with the ioctls played: a real one would be armed, and reset this machine. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import * as libc from '../../src/linux/sys/libc.ts';
import * as locks from '../../src/linux/sys/locks.ts';
import { createWatchdogDevice, isCharacterDevice } from '../../src/linux/watchdog-device.ts';

const [ENOENT, EBUSY, ENODEV, EINVAL, ENOTTY, ENOSPC, ERANGE, EOPNOTSUPP] = [2, 16, 19, 22, 25, 28, 34, 95];
const WANTED_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-watchdog-'));
const file = join(folder, 'watchdog');
beforeEach(() => writeFileSync(file, ''));
afterAll(() => rmSync(folder, { recursive: true }));

const content = (): string => readFileSync(file, 'latin1');
const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** A device whose calls answer as drivers do; what is written goes to the file. */
const played = ({ set = 180, timeout = 180, stop = 0 } = {}) => {
  const asked: number[] = [];
  const device = createWatchdogDevice(
    {
      ...libc,
      setWatchdogTimeout: (_, seconds) => {
        asked.push(seconds);
        return set;
      },
      watchdogTimeout: () => timeout,
      stopWatchdog: () => stop,
    },
    () => true,
  );
  return { device, asked };
};

const feed = (device: ReturnType<typeof createWatchdogDevice>): Promise<number> => new Promise(device.feed);

it('sets the timeout in seconds, is fed by writes that are no magic, and ends with the magic close', async () => {
  const before = descriptors();
  const { device, asked } = played();
  expect(device.open(file, WANTED_MS)).toEqual({ state: 'armed', timeoutMs: WANTED_MS, errno: 0 });
  expect(asked).toEqual([180]);
  expect(content()).toBe('');
  expect(await feed(device)).toBe(0);
  expect(await feed(device)).toBe(0);
  expect(content()).toBe('..');
  expect(await device.release()).toBe(0);
  expect(content()).toBe('..V');
  expect(device.isOpen()).toBe(false);
  expect(await device.release()).toBe(0);
  expect(descriptors()).toBe(before);
});

it('has one write under way at a time, and the magic comes after it', async () => {
  const { device } = played();
  device.open(file, WANTED_MS);
  let done = 0;
  device.feed(() => done++);
  device.feed(() => done++);
  expect(device.isFeeding()).toBe(true);
  await device.release();
  expect(content()).toBe('.V');
  expect(done).toBe(1);
  device.feed(() => done++);
  expect(device.isFeeding()).toBe(false);
});

it('a device that takes more than it was asked for is armed with that', () => {
  expect(played({ timeout: 256 }).device.open(file, WANTED_MS)).toEqual({
    ...{ state: 'armed', timeoutMs: 256_000, errno: 0 },
  });
});

it.each([
  ['takes less, out of its range', { set: -EINVAL, timeout: 39 }, 39_000, EINVAL],
  ['takes less without a word', { set: 39, timeout: 39 }, 39_000, ERANGE],
  ['does not say what it has', { set: -EOPNOTSUPP, timeout: -EOPNOTSUPP }, -1, EOPNOTSUPP],
])('one that %s is stopped and not used', (_, answers, timeoutMs, errno) => {
  const { device } = played(answers);
  expect(device.open(file, WANTED_MS)).toEqual({ state: 'refused', timeoutMs, errno });
  expect(content()).toBe('V');
  expect(device.isOpen()).toBe(false);
});

it('one that takes less and cannot be stopped (nowayout) is kept, as only feeding it prevents a reset', async () => {
  const { device } = played({ set: -EINVAL, timeout: 39, stop: -EBUSY });
  expect(device.open(file, WANTED_MS)).toEqual({ state: 'short', timeoutMs: 39_000, errno: EINVAL });
  expect(device.isOpen()).toBe(true);
  expect(await feed(device)).toBe(0);
  expect(content()).toBe('.');
  await device.release();
});

it('tells the errno of a write that fails', async () => {
  const { device } = played();
  device.open('/dev/full', WANTED_MS);
  expect(await feed(device)).toBe(ENOSPC);
  expect(await device.release()).toBe(ENOSPC);
});

it('with the calls of the kernel: what is no device is not opened, what is no watchdog is closed again', () => {
  const before = descriptors();
  const device = createWatchdogDevice({ ...libc, ...locks });
  const refused = { state: 'refused', timeoutMs: -1 };
  expect(device.open(file, WANTED_MS)).toEqual({ ...refused, errno: ENODEV });
  expect(device.open(join(folder, 'none'), WANTED_MS)).toEqual({ ...refused, errno: ENODEV });
  expect(content()).toBe('');
  expect(device.open('/dev/null', WANTED_MS)).toEqual({ ...refused, errno: ENOTTY });
  const gone = createWatchdogDevice({ ...libc, ...locks }, () => true);
  expect(gone.open(join(folder, 'none'), WANTED_MS)).toEqual({ ...refused, errno: ENOENT });
  expect(descriptors()).toBe(before);
});

it('knows a device from a file, a folder and nothing', () => {
  expect(['/dev/null', file, folder, join(folder, 'none')].map(isCharacterDevice)).toEqual([true, false, false, false]);
});
