// A thrash with and without a daemon: the two halves of every such case.
import { expect } from 'vitest';
import type { Judgement } from './judge.ts';
import { expectAlive, expectFigure, expectKilled, expectNoKernelKill, expectShotOnly, note } from './outcome.ts';
import { type Scene, withDaemon, withoutDaemon } from './scene.ts';
import { HANG_S, PROOF, type Suffering, suffering, type Thrash } from './thrash.ts';
import { startTrace } from './trace.ts';
import { expectVerdictWithin, hasTold } from './verdict.ts';

type MakeThrash = (scene: Scene) => Promise<Thrash>;

/** Of the time since onset: the rest are lucky commands, and the pauses between the probes. */
const HANG_SHARE = 0.6;
/** From onset until commands take less than three times what they take in calm. */
const USABLE_WITHIN_MS = 15_000;
/** From its start a thrash takes a while to be one, then comes what the daemon may take, then the proof that it is over. */
const RESCUE_S = 40;

/** The watch ends early once the hog is dead. */
async function play(scene: Scene, make: MakeThrash, seconds: number): Promise<[Judgement, Suffering]> {
  await startTrace(scene.guest);
  const thrash = await make(scene);
  const seen = await scene.watch({
    seconds: thrash.startsMs / 1000 + seconds,
    workloads: thrash.workloads,
    until: PROOF,
  });
  return [seen, suffering(seen, thrash)];
}

/** Nobody ends it: the kernel kills only who is short of memory, and there is swap. */
export const hangs = (name: string, make: MakeThrash): Promise<void> =>
  withoutDaemon(async (scene) => {
    const [seen, was] = await play(scene, make, HANG_S);
    note(`${name}, no daemon`, was);
    expectAlive(seen, 'hog', 'services');
    await expectNoKernelKill(scene, seen);
    expect(was.slowShare, 'share of the time in which commands hang').toBeGreaterThan(HANG_SHARE);
  });

/** The daemon tells what it is, one of `verdicts`, and ends it with the hog alone. */
export const rescued = (name: string, make: MakeThrash, ...verdicts: string[]): Promise<void> =>
  withDaemon({}, async (scene) => {
    const [seen, was] = await play(scene, make, RESCUE_S);
    note(name, { ...was, hostWait: scene.hostWait });
    expectKilled(seen, 'hog');
    expectAlive(seen, 'services');
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen, 'hog');
    const verdict = verdicts.find((each) => hasTold(scene, each)) ?? verdicts.join(' or ');
    await expectVerdictWithin(scene, verdict, was.onsetUs ?? 0);
    expect(was.usableAfterMs, 'usable again').toBeLessThan(Number.POSITIVE_INFINITY);
    expectFigure('milliseconds from onset until usable again', was.usableAfterMs, USABLE_WITHIN_MS);
  });
