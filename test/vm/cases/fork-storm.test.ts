// A parent that replaces its 30 MiB children as fast as they die: it has no memory itself, so nobody ever chooses it.
import { expect, test } from 'vitest';
import { WIDE_KILL_MIB, WIDE_TERM_MIB } from '../harness/config.ts';
import { counterGrowth, type Judgement, lastAboveMarkUs, runNamed } from '../harness/judge.ts';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  innocentNames,
  note,
} from '../harness/outcome.ts';
import { type Scene, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { pidsOf } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

/** 600 MiB, more than the guest has; one by one, as 100 MiB/s are what an emulated kernel zeroes beside anything else. */
const STORM = { name: 'storm', command: 'exec storm keeps=20 mib=30 every=300' };
/** Larger than any child: by size alone it would be the first to die. */
const SERVICE = { name: 'service', atMs: 0, command: 'exec leak target=60' };
const WITHIN_MS = 5000;
const KIB_PER_MIB = 1024;

/** What the storm gets, from its beginning. */
const STORM_S = 20;
/** The service was there in calm, for a round of the index at least: half a minute after all have started and it is calm again. */
const ROUND_MS = 48_000;

const brew = (scene: Scene, atMs: number): Promise<Judgement> =>
  scene.watch({ seconds: atMs / 1000 + STORM_S, workloads: [...INNOCENTS, SERVICE, { ...STORM, atMs }] });

test('its parent is found and stopped, and nobody else dies', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    await startTrace(scene.guest);
    const seen = await brew(scene, ROUND_MS);
    const dead = runNamed(seen, 'storm').diedUs;
    note('storm', { sinceStartMs: (dead - runNamed(seen, 'storm').startedUs) / 1000 });
    expectKilled(seen, 'storm', [9]);
    expectFigure(
      'from the term mark to the end of the parent, ms',
      Math.round((dead - lastAboveMarkUs(seen, WIDE_TERM_MIB * KIB_PER_MIB)) / 1000),
      WITHIN_MS,
    );
    // Children born since the last look are orphans now; nobody replaces them.
    note('children', { left: (await pidsOf(scene.guest, 'storm')).length });
    const availableMiB = (seen.memory.at(-1)?.availableKiB ?? Number.NaN) / KIB_PER_MIB;
    expect(availableMiB, 'the shortage is over').toBeGreaterThan(WIDE_TERM_MIB);
    expectAlive(seen, 'service', ...innocentNames);
    await expectShotOnly(scene, seen, 'storm');
    await expectNoKernelKill(scene, seen);
  }));

test('without us it goes on, whoever the kernel kills', () =>
  withoutDaemon(async (scene) => {
    const seen = await brew(scene, 5000);
    const kills = counterGrowth(seen, 'oom_kill');
    const availableMiB = (seen.memory.at(-1)?.availableKiB ?? Number.NaN) / KIB_PER_MIB;
    note('without us', { kills, availableMiB });
    expectAlive(seen, 'storm');
    expect(kills).toBeGreaterThan(3);
    expect(availableMiB, 'the shortage stays').toBeLessThan(WIDE_KILL_MIB);
  }));
