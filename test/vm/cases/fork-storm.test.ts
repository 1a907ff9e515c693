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

/** 600 MiB, more than the guest has. */
const STORM = { name: 'storm', atMs: 5000, command: 'exec storm keeps=20 mib=30' };
/** Larger than any child: by size alone it would be the first to die. */
const SERVICE = { name: 'service', atMs: 0, command: 'exec leak target=60' };
const WITHIN_MS = 5000;
const KIB_PER_MIB = 1024;

const brew = (scene: Scene): Promise<Judgement> =>
  scene.watch({ seconds: 20, workloads: [...INNOCENTS, SERVICE, STORM] });

test('its parent is found and stopped, and nobody else dies', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    await startTrace(scene.guest);
    const seen = await brew(scene);
    const dead = runNamed(seen, 'storm').diedUs;
    note('storm', { sinceStartMs: (dead - runNamed(seen, 'storm').startedUs) / 1000 });
    expectKilled(seen, 'storm', [9]);
    expectFigure(
      'from the term mark to the end of the parent, ms',
      Math.round((dead - lastAboveMarkUs(seen, WIDE_TERM_MIB * KIB_PER_MIB)) / 1000),
      WITHIN_MS,
    );
    expect(await pidsOf(scene.guest, 'storm'), 'children that are left').toEqual([]);
    expectAlive(seen, 'service', ...innocentNames);
    await expectShotOnly(scene, seen, 'storm');
    await expectNoKernelKill(scene, seen);
  }));

test('without us it goes on, whoever the kernel kills', () =>
  withoutDaemon(async (scene) => {
    const seen = await brew(scene);
    const kills = counterGrowth(seen, 'oom_kill');
    const availableMiB = (seen.memory.at(-1)?.availableKiB ?? Number.NaN) / KIB_PER_MIB;
    note('without us', { kills, availableMiB });
    expectAlive(seen, 'storm');
    expect(kills).toBeGreaterThan(3);
    expect(availableMiB, 'the shortage stays').toBeLessThan(WIDE_KILL_MIB);
  }));
