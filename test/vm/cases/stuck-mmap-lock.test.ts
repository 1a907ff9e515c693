import { expect, test } from 'vitest';
import { WIDE_KILL_MIB } from '../harness/config.ts';
import { within } from '../harness/guest.ts';
import { note } from '../harness/outcome.ts';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { TRAPS, Victim } from '../harness/stuck.ts';
import {
  expectNamed,
  expectNextIsTaken,
  press,
  startTicks,
  trapLargest,
  VICTIM_TIMEOUT_MS,
  worstTickGapMs,
} from '../harness/stuck-press.ts';
import { startTrace } from '../harness/trace.ts';

/** The victim holds its lock for ever, and the loop sleeps for a second at the most: more than a busy machine makes of it. */
const HUNG_MS = 4000;

test('without it: the kernel cannot reap the victim, and SysRq-f chooses it again', async () => {
  await withoutDaemon(async ({ guest }) => {
    await startTrace(guest);
    const victim = await Victim.trap(guest, TRAPS.mmapLock, { anonMiB: 160 });
    const next = guest.start('exec leak target=80');
    const nextPid = await next.started;
    const isNextAlive = async (): Promise<boolean> =>
      (await guest.sh(`kill -0 ${nextPid}`, { mayFail: true })).code === 0;
    const sysrqF = 'echo f > /proc/sysrq-trigger';

    await guest.sh(`sleep 1; ${sysrqF}; sleep 1; ${sysrqF}; sleep 4`);
    expect(await isNextAlive(), 'the next largest, after two presses').toBe(true);
    expect((await guest.sh('dmesg')).stdout).toContain(`oom_reaper: unable to reap pid:${victim.pid} `);
    await guest.sh(`${sysrqF}; sleep 1`);
    expect(await isNextAlive(), 'the next largest, after a press 4 s later').toBe(false);
    expect(victim.history().at(-1)?.anonKiB, 'KiB that the victim still has').toBeGreaterThan(158 * 1024);
  });
});

test('with it: the loop goes on, the lock is named, the next process is taken, and it ends when told to', async () => {
  await withDaemon({ wideMarks: true }, async (scene) => {
    const { guest, daemon } = scene;
    const victim = await trapLargest(scene, TRAPS.mmapLock);
    await startTicks(guest, daemon.pid);
    const seen = await press(scene, 20, WIDE_KILL_MIB - 8);

    const gapMs = await worstTickGapMs(guest);
    note('longest pause of the loop', { gapMs });
    expect(gapMs, 'longest pause of the loop').toBeLessThan(HUNG_MS);
    await expectNextIsTaken(scene, victim, seen, { afterMs: VICTIM_TIMEOUT_MS - 100, cause: 'mmap_lock' });
    expect(victim.history().at(-1)?.anonKiB, 'KiB that the victim still has').toBeGreaterThan(100 * 1024);
    expectNamed(scene, victim, 'mmap_lock');

    await guest.sh(`kill -TERM ${daemon.pid}`);
    expect(await within(15_000, 'the daemon ends', daemon.ended)).toMatchObject({ code: 0 });
  });
});
