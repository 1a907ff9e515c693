import { expect, it } from 'vitest';
import { createLastResort } from '../../../src/commands/daemon/last-resort.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { Policy } from '../../../src/core/policy.ts';
import type { Opened, WatchdogDevice } from '../../../src/linux/watchdog-device.ts';
import { defaultPolicy } from '../../support/policy.ts';

const [EBUSY, EIO] = [16, 5];
const ARMED: Opened = { state: 'armed', timeoutMs: 180_000, errno: 0 };

const wanted = (mode: Policy['mode'] = 'enforce', act = 'last_resort: watchdog, watchdog_device: /dev/null'): Policy =>
  defaultPolicy(`mode: ${mode}\nact: { ${act} }`);

/** Told in order: what the device was asked for, and what was published. */
const scene = (answer: Opened = ARMED) => {
  const calls: string[] = [];
  const world = { answer, feedErrno: 0, releaseErrno: 0 };
  let isOpen = false;
  const device: WatchdogDevice = {
    open: (path, wantedMs) => {
      calls.push(`open ${path} ${wantedMs}`);
      isOpen = world.answer.state !== 'refused';
      return world.answer;
    },
    isOpen: () => isOpen,
    feed: (done) => {
      calls.push('feed');
      done(world.feedErrno);
    },
    isFeeding: () => false,
    release: async () => {
      if (isOpen) calls.push('release');
      isOpen = false;
      return world.releaseErrno;
    },
  };
  const told = (event: OomwatchdEvent): void => {
    if (event.kind === 'watchdog_device') calls.push(`told ${event.state} ${event.timeoutMs} ${event.errno}`);
  };
  const taken = (): string[] => calls.splice(0);
  return { last: createLastResort(device, told), world, taken };
};

it.each([
  ['by default', defaultPolicy('mode: enforce')],
  ['with another last resort', wanted('enforce', 'last_resort: reboot')],
  ['in observe mode, as opening arms it', wanted('observe')],
])('nothing is opened or fed %s', async (_, policy) => {
  const { last, taken } = scene();
  await last.setPolicy(policy);
  last.ticked(5000, false);
  last.tell();
  await last.close();
  expect(taken()).toEqual([]);
});

it('is opened with what policy says, told, fed once a second by finished turns, and released at the end', async () => {
  const { last, taken } = scene();
  await last.setPolicy(wanted());
  expect(taken()).toEqual(['open /dev/null 180000', 'told armed 180000 0']);
  for (const nowMs of [1000, 1010, 1990, 2000, 2999]) last.ticked(nowMs, false);
  expect(taken()).toEqual(['feed', 'feed']);
  last.tell();
  await last.close();
  expect(taken()).toEqual(['told armed 180000 0', 'release', 'told released 180000 0']);
  expect(last.isWaiting()).toBe(false);
});

it('is fed no more when the last resort is taken, and again when the shortage is over before it has run out', async () => {
  const { last, taken } = scene();
  await last.setPolicy(wanted());
  last.ticked(1000, false);
  expect(last.leaveUnfed(false)).toBe(0);
  taken();
  for (const nowMs of [2000, 3000, 60_000]) last.ticked(nowMs, true);
  expect(taken()).toEqual([]);
  last.ticked(61_000, false);
  expect(taken()).toEqual(['told fed_again 180000 0', 'feed']);
});

it('a last resort of another kind, or one that failed, does not keep it from being fed', async () => {
  const { last, taken } = scene();
  await last.setPolicy(wanted());
  taken();
  last.ticked(1000, true);
  expect(taken()).toEqual(['feed']);
});

it('one that is refused is told, the last resort answers why, and a reload tries again', async () => {
  const { last, world, taken } = scene({ state: 'refused', timeoutMs: -1, errno: EBUSY });
  await last.setPolicy(wanted());
  expect(taken()).toEqual(['open /dev/null 180000', `told refused -1 ${EBUSY}`]);
  last.ticked(1000, false);
  expect(last.leaveUnfed(false)).toBe(EBUSY);
  world.answer = ARMED;
  await last.setPolicy(wanted());
  expect(taken()).toEqual(['open /dev/null 180000', 'told armed 180000 0']);
});

it('a reload leaves an open one alone, opens it anew with another timeout, and stops it when it is off', async () => {
  const { last, taken } = scene();
  await last.setPolicy(wanted());
  taken();
  await last.setPolicy(wanted());
  expect(taken()).toEqual([]);
  const longer = wanted('enforce', 'last_resort: watchdog, watchdog_timeout: 5m');
  await Promise.all([last.setPolicy(longer), last.setPolicy(wanted('observe'))]);
  expect(taken()).toEqual([
    ...['release', 'told released 180000 0', 'open /dev/watchdog 300000', 'told armed 180000 0'],
    ...['release', 'told released 180000 0'],
  ]);
});

it('in a dry run says whether there is a device, without touching it', async () => {
  const { last, taken } = scene();
  await last.setPolicy(wanted('observe'));
  expect(last.leaveUnfed(true)).toBe(0);
  await last.setPolicy(wanted('observe', 'last_resort: watchdog, watchdog_device: /dev/oomwatchd-none'));
  expect(last.leaveUnfed(true)).toBeGreaterThan(0);
  expect(last.leaveUnfed(false)).toBeGreaterThan(0);
  expect(taken()).toEqual([]);
});

it('a write that fails is told once for each errno, a magic close that fails is too', async () => {
  const { last, world, taken } = scene();
  await last.setPolicy(wanted());
  taken();
  world.feedErrno = EIO;
  for (const nowMs of [1000, 2000, 3000]) last.ticked(nowMs, false);
  expect(taken()).toEqual(['feed', `told failed 180000 ${EIO}`, 'feed', 'feed']);
  world.releaseErrno = EIO;
  await last.close();
  expect(taken()).toEqual(['release', `told failed 180000 ${EIO}`]);
});
