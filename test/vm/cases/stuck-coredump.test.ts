import { expect, test } from 'vitest';
import { WIDE_KILL_MIB } from '../harness/config.ts';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { expectNothingBack, plainKill, TRAPS, Victim } from '../harness/stuck.ts';
import {
  expectGivenBack,
  expectNamed,
  expectNextIsTaken,
  press,
  trapLargest,
  VICTIM_TIMEOUT_MS,
} from '../harness/stuck-press.ts';
import { startTrace } from '../harness/trace.ts';

test('without it: a core dump into a slow pipe keeps the memory until somebody sends SIGKILL', async () => {
  await withoutDaemon(async ({ guest }) => {
    await startTrace(guest);
    const victim = await Victim.trap(guest, TRAPS.dumpToPipe, { anonMiB: 120 });
    await guest.sh(`kill -TERM ${victim.pid}; sleep 3`);
    const held = victim.history().at(-1)?.anonKiB;
    expect(held, 'KiB after SIGTERM and 3 s').toBeGreaterThan(118 * 1024);
    expect(victim.anonBack(await plainKill(guest, victim, 2000), 2000)).toBe(1);
  });
});

test('without it: one into a frozen file system keeps it for ever', async () => {
  await withoutDaemon(async ({ guest }) => {
    await startTrace(guest);
    await expectNothingBack(guest, await Victim.trap(guest, TRAPS.dumpToFrozen, { anonMiB: 120 }));
  });
});

test('with it: a dump that listens to SIGKILL is ended, and nobody else has to die', async () => {
  await withDaemon({}, async (scene) => {
    const victim = await trapLargest(scene, TRAPS.dumpToPipe);
    await expectGivenBack(scene, victim, await press(scene, 12));
  });
});

test('with it: one that does not is named, and when its time is over the next process is taken', async () => {
  await withDaemon({ wideMarks: true }, async (scene) => {
    const victim = await trapLargest(scene, TRAPS.dumpToFrozen);
    const seen = await press(scene, 20, WIDE_KILL_MIB - 8);
    await expectNextIsTaken(scene, victim, seen, { afterMs: VICTIM_TIMEOUT_MS - 100, cause: 'core_dump' });
    expectNamed(scene, victim, 'core_dump');
  });
});
