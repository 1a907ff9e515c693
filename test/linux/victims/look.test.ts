/** How real processes look while they die: by kept descriptors alone, which outlive their slot. */
import { readdirSync, readlinkSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newDying } from '../../../src/core/dying.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { releaseRow } from '../../../src/linux/index/slots.ts';
import { REAL_ROOTS } from '../../../src/linux/root.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { createVictims, type Victims } from '../../../src/linux/victims/victims.ts';
import { until } from '../../report/pipe.ts';
import { removeNative } from '../../support/native/build.ts';
import { endSubjects, type Subject, startSubject, statusField } from '../../support/native/subject.ts';
import { descriptors, emptySight, openScene, type Scene, signalKill } from './scene.ts';

const [ESRCH, EMFILE] = [3, 24];

let before: number;
let scene: Scene;
let subject: Subject;

beforeEach(async () => {
  before = descriptors();
  scene = openScene();
  subject = await startSubject();
  await subject.tell('hold 16');
});
afterEach(async () => {
  await endSubjects();
  scene.close();
  await until(() => descriptors() <= before);
});
afterAll(removeNative);

/** Descriptors of files below /proc and of processes: not the pipes of a child, which go with it. */
const ofProcesses = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^\/proc\/|pidfd/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;

/** The event loop, which would reap the child, does not run meanwhile. */
const waitSync = (condition: () => boolean): void => {
  for (const end = performance.now() + 5000; !condition(); ) if (performance.now() > end) throw new Error('not in 5 s');
};

it('a live process is neither killed nor gone, and shows its memory and score', () => {
  const sight = scene.look(scene.dying(subject.pid));
  expect(sight).toMatchObject({ pid: subject.pid, isGone: false, isKilled: false, isPending: false });
  expect(sight).toMatchObject({ isLeaderZombie: false, isCoreDumping: false });
  expect(sight.rssKiB).toBeGreaterThan(16 * 1024);
  expect(sight.oomScore).toBeGreaterThan(600);
});

it('one whose threads have all exited is gone, reaped by its parent or not, and its descriptors are given back', async () => {
  const dying = scene.dying(subject.pid);
  const open = ofProcesses();
  scene.look(dying);
  expect(ofProcesses()).toBe(open + 3);
  signalKill(subject.pid);
  waitSync(() => scene.look(dying).isGone);
  expect(statusField(subject.pid, 'State')).toContain('Z');
  // At once, or when a search for a thread that lives has ended.
  await until(() => {
    scene.victims.take([], []);
    return ofProcesses() === open;
  });
  await subject.ended;
  expect(scene.look(dying)).toEqual({ ...emptySight(), pid: subject.pid, isGone: true });
});

it('one that had gone before it was looked at is gone, with a slot and without', async () => {
  const dying = scene.dying(subject.pid);
  await subject.end();
  expect(scene.look(dying).isGone).toBe(true);
  const unknown = { ...newDying(ABSENT, subject.pid, 'subject', 'other', ABSENT, 0) };
  expect(scene.look(unknown).isGone).toBe(true);
});

it('is looked at by three reads that open nothing, from the second time on', () => {
  const calls: string[] = [];
  const counted = Object.fromEntries(
    Object.entries(libc).map(([name, call]) => [
      name,
      (...args: unknown[]) => {
        calls.push(name);
        return (call as (...all: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as typeof libc;
  const dying = scene.dying(subject.pid);
  const victims: Victims = createVictims(counted, scene.index, REAL_ROOTS, libc.monotonicMs, 12);
  victims.look(dying, emptySight());
  calls.length = 0;
  victims.look(dying, emptySight());
  expect(calls).toEqual(['isReadable', 'preadAt0', 'preadAt0']);
  victims.close();
});

it('without a slot is watched by its pid: memory comes with a search off the loop', async () => {
  const dying = { ...newDying(ABSENT, subject.pid, 'subject', 'kernel', ABSENT, 0) };
  expect(scene.look(dying)).toEqual({ ...emptySight(), pid: subject.pid });
  const sight = await until(() => {
    const now = scene.look(dying);
    return now.rssKiB !== ABSENT && now;
  });
  expect(sight.rssKiB).toBeGreaterThan(16 * 1024);
  expect(sight).toMatchObject({ isGone: false, isLeaderZombie: false, oomScore: ABSENT });
  signalKill(subject.pid);
  await until(() => scene.look(dying).isGone);
});

it('is followed from thread to thread as they leave', async () => {
  const dying = scene.dying(subject.pid);
  expect(scene.look(dying).isLeaderZombie).toBe(false);
  const seen = () =>
    until(() => {
      const sight = scene.look(dying);
      return sight.rssKiB !== ABSENT && sight;
    });
  for (const left of ['3', '2']) {
    await subject.tell('leave');
    await until(() => statusField(subject.pid, 'State').startsWith('Z'));
    await until(() => statusField(subject.pid, 'Threads') === left);
    const sight = await seen();
    expect(sight).toMatchObject({ isGone: false, isLeaderZombie: true, isKilled: false });
    expect(sight.rssKiB).toBeGreaterThan(16 * 1024);
  }
  await subject.tell('leave');
  await until(() => scene.look(dying).isGone);
});

describe('a slot that is released, and taken by another process', () => {
  it('changes nothing: the watch has its own descriptors', async () => {
    const other = await startSubject();
    const dying = scene.dying(subject.pid);
    scene.look(dying);
    const { slots, table } = scene.index;
    const row = table.rows.subarray(0, table.count).indexOf(dying.slot);
    releaseRow(libc, slots, row);
    table.pid[dying.slot] = other.pid;
    expect(scene.look(dying)).toMatchObject({ pid: subject.pid, isGone: false });
    expect(scene.look(dying).rssKiB).toBeGreaterThan(16 * 1024);
    signalKill(subject.pid);
    await until(() => scene.look(dying).isGone);
    expect(await other.tell('hold 1')).toBe('ok');
  });

  it('before the first look is not that process: the pid alone is asked', () => {
    const dying = scene.dying(subject.pid);
    const { slots, table } = scene.index;
    const kept = slots.scoreFd[dying.slot];
    table.pid[dying.slot] = process.pid;
    expect(scene.look(dying)).toEqual({ ...emptySight(), pid: subject.pid });
    table.pid[dying.slot] = subject.pid;
    expect(slots.scoreFd[dying.slot]).toBe(kept);
  });
});

describe('short of descriptors', () => {
  it('what cannot be duplicated is not known, and nobody is called gone for it', () => {
    const poor = openScene({ duplicate: () => -EMFILE });
    const dying = poor.dying(subject.pid);
    expect(poor.look(dying)).toEqual({ ...emptySight(), pid: subject.pid });
    poor.close();
  });

  it('one whose pidfd could not be kept is gone when its score says so', async () => {
    let calls = 0;
    const poor = openScene({ duplicate: (fd) => (calls++ === 0 ? -EMFILE : libc.duplicate(fd)) });
    const dying = poor.dying(subject.pid);
    expect(poor.look(dying)).toMatchObject({ isGone: false, isKilled: false });
    expect(poor.look(dying).rssKiB).toBeGreaterThan(16 * 1024);
    await subject.end();
    expect(poor.look(dying)).toEqual({ ...emptySight(), pid: subject.pid, isGone: true });
    poor.close();
  });

  it('the pid has another process by now when the kept descriptor does not answer', () => {
    const reused = openScene({ preadAt0: () => -ESRCH });
    const open = descriptors();
    const dying = { ...reused.dying(subject.pid) };
    const after = descriptors();
    expect(reused.look(dying).isGone).toBe(true);
    expect(after).toBeGreaterThan(open);
    expect(descriptors()).toBe(after);
    reused.close();
  });
});

it('forgets whom nobody looks at any more, and keeps whom somebody does', async () => {
  let nowMs = 0;
  const other = await startSubject();
  const dying = scene.dying(subject.pid);
  const watched = scene.dying(other.pid);
  const victims = createVictims(libc, scene.index, REAL_ROOTS, () => nowMs, 12);
  const open = descriptors();
  victims.look(dying, emptySight());
  victims.look(watched, emptySight());
  expect(descriptors()).toBe(open + 6);
  for (nowMs = 0; nowMs <= 12_000; nowMs += 500) {
    victims.look(watched, emptySight());
    victims.take([], []);
  }
  expect(descriptors()).toBe(open + 3);
  victims.close();
  expect(descriptors()).toBe(open);
});
