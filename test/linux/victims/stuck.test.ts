/** Real processes that no SIGKILL ends, each for another reason: what is seen, what is given back, what is found out. */

import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { until } from '../../report/pipe.ts';
import { removeNative } from '../../support/native/build.ts';
import { needs } from '../../support/native/skip.ts';
import { endSubjects, startSubject, statusField } from '../../support/native/subject.ts';
import {
  createFreezer,
  descriptors,
  type Freezer,
  type Helper,
  openScene,
  type Scene,
  signalKill,
  startHelper,
  tasksOf,
  temporaryFolder,
} from './scene.ts';

const MIB = 64;
const HELD_KIB = MIB * 1024;

let before: number;
let scene: Scene;
let freezer: Freezer | null = null;
const cleanups: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  before = descriptors();
  scene = openScene();
});
afterEach(async () => {
  freezer?.thaw();
  while (cleanups.length > 0) await cleanups.pop()?.();
  await endSubjects();
  freezer?.remove();
  freezer = null;
  scene.close();
  await until(() => descriptors() <= before);
});
afterAll(removeNative);

const freezerFor = (context: TestContext): Freezer => {
  freezer = createFreezer();
  needs(context, freezer !== null, 'there is no hierarchy of the v1 freezer to write to');
  return freezer as Freezer;
};

describe('a victim in the v1 freezer', () => {
  it('keeps its memory after SIGKILL, gives it to the reaper, is named with its cgroup, and goes when it is thawed', async (context) => {
    const cold = freezerFor(context);
    const subject = await startSubject();
    await subject.tell(`hold ${MIB}`);
    const dying = scene.dying(subject.pid);
    await cold.freeze(tasksOf(subject.pid));
    expect(scene.look(dying)).toMatchObject({ isGone: false, isKilled: false, isPending: false });
    signalKill(subject.pid);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const stuck = scene.look(dying);
    expect(stuck).toMatchObject({ pid: subject.pid, isGone: false, isKilled: true, isLeaderZombie: false });
    expect(stuck.rssKiB).toBeGreaterThan(HELD_KIB);
    scene.victims.reap(dying);
    const reaped = await scene.reaped();
    expect(reaped).toMatchObject({ pid: subject.pid, result: 'released', errno: 0 });
    expect(reaped.releasedKiB).toBeGreaterThan(HELD_KIB * 0.95);
    expect(reaped.durationMs).toBeLessThan(1000);
    expect(scene.look(dying).rssKiB).toBeLessThan(HELD_KIB / 4);
    scene.victims.examine(dying);
    const { reason, detail } = await scene.examined();
    expect(reason).toBe('frozen_v1');
    expect(detail).toMatch(/^thread \d+ \(D\) in \S+; none of 3 threads has exited; /);
    expect(detail).toContain(`freezer cgroup ${cold.path}`);
    cold.thaw();
    expect(await subject.ended).toBe('SIGKILL');
    expect(scene.look(dying)).toMatchObject({ isGone: true, rssKiB: ABSENT });
  });

  it('of which one thread alone is frozen is seen through its zombie leader', async (context) => {
    const cold = freezerFor(context);
    const subject = await startSubject();
    await subject.tell(`hold ${MIB}`);
    const dying = scene.dying(subject.pid, { sizeKiB: 123 });
    const thread = tasksOf(subject.pid).at(-1) as number;
    await cold.freeze([thread]);
    expect(scene.look(dying).isLeaderZombie).toBe(false);
    signalKill(subject.pid);
    await until(() => statusField(subject.pid, 'State').startsWith('Z'));
    await until(() => statusField(subject.pid, 'Threads') === '2');
    // The leader's own status says nothing; the thread is looked for once, off the loop.
    expect(scene.look(dying)).toMatchObject({ isGone: false, isKilled: true, isLeaderZombie: true, rssKiB: ABSENT });
    const seen = await until(() => {
      const sight = scene.look(dying);
      return sight.rssKiB !== ABSENT && sight;
    });
    expect(seen).toMatchObject({ isGone: false, isKilled: true, isPending: true, isLeaderZombie: true });
    expect(seen.rssKiB).toBeGreaterThan(HELD_KIB);
    scene.victims.reap(dying);
    expect((await scene.reaped()).releasedKiB).toBeGreaterThan(HELD_KIB * 0.95);
    scene.victims.examine(dying);
    expect((await scene.examined()).detail).toMatch(
      new RegExp(`^thread ${thread} \\(D\\) .*; 2 of 3 threads have exited`),
    );
    cold.thaw();
    expect(await subject.ended).toBe('SIGKILL');
    expect(scene.look(dying).isGone).toBe(true);
  });

  it('is measured through a thread when its leader exits while it is reaped', async (context) => {
    const cold = freezerFor(context);
    const subject = await startSubject();
    await subject.tell(`hold ${MIB}`);
    const dying = scene.dying(subject.pid, { sizeKiB: HELD_KIB });
    await cold.freeze([tasksOf(subject.pid).at(-1) as number]);
    signalKill(subject.pid);
    await until(() => statusField(subject.pid, 'State').startsWith('Z'));
    // Never looked at: only its size at the kill is known, and what is left is found by a search.
    scene.victims.reap(dying);
    const { result, releasedKiB } = await scene.reaped();
    expect(result).toBe('released');
    expect(releasedKiB).toBeGreaterThan(HELD_KIB * 0.95);
    expect(releasedKiB).toBeLessThanOrEqual(HELD_KIB);
  });
});

describe('a victim that waits for a FUSE server', () => {
  let server: Helper;
  const start = async (context: TestContext, mode: 'read' | 'map'): Promise<number> => {
    needs(context, process.getuid?.() === 0 && existsSync('/dev/fuse'), 'root and /dev/fuse are needed');
    const folder = temporaryFolder();
    cleanups.push(folder.remove);
    server = await startHelper('fuse-victim', folder.path, String(MIB), mode);
    cleanups.push(server.end);
    return server.numbers[0] as number;
  };

  it('in a read gives its memory back and is named with the connection', async (context) => {
    const pid = await start(context, 'read');
    const dying = scene.dying(pid);
    scene.look(dying);
    signalKill(pid);
    await until(() => statusField(pid, 'State').startsWith('Z'));
    scene.victims.reap(dying);
    expect(await scene.reaped()).toMatchObject({ pid, result: 'released' });
    const sight = await until(() => {
      const now = scene.look(dying);
      return now.rssKiB !== ABSENT && now;
    });
    expect(sight).toMatchObject({ isGone: false, isKilled: true, isLeaderZombie: true });
    expect(sight.rssKiB).toBeLessThan(HELD_KIB / 4);
    scene.victims.examine(dying);
    const { reason, detail } = await scene.examined();
    expect(reason).toBe('fuse');
    expect(detail).toMatch(/^thread \d+ \(D\) in request_wait_answer; 1 of 2 threads have exited; fuse connection /);
    expect(detail).toContain(`fuse connection ${server.numbers[1]} (`);
  });

  it('with mmap_lock held for write hangs the reaper, which is told once, and the loop goes on', async (context) => {
    const pid = await start(context, 'map');
    const dying = scene.dying(pid);
    scene.look(dying);
    signalKill(pid);
    await until(() => !statusField(pid, 'ShdPnd').endsWith('0000'));
    scene.victims.reap(dying);
    scene.victims.examine(dying);
    const early = await scene.examined();
    expect(early.reason).toBe('mmap_lock');
    expect(early.detail).toMatch(/^thread \d+ \(D\) in /);
    expect(await scene.reaped()).toMatchObject({ pid, result: 'hung', releasedKiB: 0 });
    expect(scene.victims.isWaiting()).toBe(true);
    // Its memory is all there, and looking at it never waits.
    const begin = performance.now();
    expect(scene.look(dying).rssKiB).toBeGreaterThan(HELD_KIB);
    expect(performance.now() - begin).toBeLessThan(50);
    // Another victim gets its turn meanwhile.
    const other = await startSubject();
    await other.tell('hold 8');
    const otherDying = scene.dying(other.pid);
    process.kill(other.pid, 'SIGKILL');
    scene.victims.reap(otherDying);
    expect(['released', 'gone']).toContain((await scene.reaped()).result);
    // The server ends, the lock is released, and the hung call comes back.
    await server.end();
    const last = await scene.reaped();
    expect(last.pid).toBe(pid);
    expect(['released', 'gone']).toContain(last.result);
    await until(() => !scene.victims.isWaiting());
  });
});

describe('two processes with one address space', () => {
  it('cannot be reaped while one of them lives, and can when both are killed', async (context) => {
    const cold = freezerFor(context);
    const pair = await startHelper('shared-mm', String(MIB));
    cleanups.push(pair.end);
    const [first, second] = pair.numbers as [number, number];
    const dying = scene.dying(first);
    const { table } = scene.index;
    const [slot, other] = [dying.slot, scene.index.slotOf(second)];
    table.mmGroup[slot] = table.mmGroup[other] = slot;
    // Frozen, or there would be nothing left of it to reap.
    await cold.freeze([first]);
    signalKill(first);
    scene.victims.reap(dying);
    expect(await scene.reaped()).toMatchObject({ pid: first, result: 'sharer_alive', errno: 22, releasedKiB: 0 });
    scene.look(dying);
    scene.victims.examine(dying);
    const { reason, detail } = await scene.examined();
    expect(reason).toBe('frozen_v1');
    expect(detail).toContain(`its memory is shared by ${second}, not killed`);
    scene.victims.reap(dying);
    setTimeout(() => signalKill(second), 250);
    const reaped = await scene.reaped();
    expect(reaped).toMatchObject({ pid: first, result: 'released' });
    expect(reaped.releasedKiB).toBeGreaterThan(HELD_KIB * 0.95);
    expect(reaped.durationMs).toBeGreaterThanOrEqual(200);
  });
});

it('a process that nobody has killed is not dying', async () => {
  const subject = await startSubject();
  const dying = scene.dying(subject.pid);
  scene.victims.reap(dying);
  expect(await scene.reaped()).toMatchObject({ result: 'not_dying', errno: 22 });
  expect(await subject.tell('hold 1')).toBe('ok');
});

it('without a descriptor left for it, it cannot be reaped, and that is told with the errno', async () => {
  const [EMFILE, EBADF] = [24, 9];
  const poor = openScene({ duplicate: () => -EMFILE });
  const subject = await startSubject();
  const dying = poor.dying(subject.pid);
  poor.victims.reap(dying);
  expect(await poor.reaped()).toMatchObject({ pid: subject.pid, result: 'failed', errno: EBADF });
  poor.close();
});
