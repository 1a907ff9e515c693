// oom_lock behind a slow console: a memcg with nobody but -1000 calls the kernel's killer again and again, each report takes
// its time, and whoever is short of the host's memory meanwhile waits for a lock that is never free for him.
import { expect, test } from 'vitest';
import { counterGrowth, lastAboveMarkUs, runNamed } from '../harness/judge.ts';
import { expectFigure, expectKilled, INNOCENTS, note } from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { told, until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';
import { expectVerdictWithin, hasTold } from '../harness/verdict.ts';

const LOST = '/sys/fs/cgroup/lost';
/** Of each line, whoever writes it (kernel.printk_delay): 70 characters at 9,600 baud. */
const LINE_MS = 70;
const LEAK_AT_MS = 6000;
const WATCH_S = 35;
/** What MemAvailable still swings by when all of it that can be had is gone. */
const SWING_KIB = 1024;
/** On top of the ten seconds that one report takes. */
const LATER_MS = 5000;
const LEAK: Workload = { name: 'leak', atMs: LEAK_AT_MS, command: 'exec leak rate=80' };
/** Many at once: one alone would find the lock free between two reports. */
const CALLERS: Workload[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => ({
  name: `lost-${name}`,
  atMs: 2000,
  command: `echo $$ > ${LOST}/cgroup.procs; exec leak adj=-1000 rate=40`,
}));

/** Reads of cgroup files and of the kernel log share locks with those who wait. */
const LATE_MS = 5000;

const causesOf = (scene: Scene): unknown[] => told(scene, 'livelock').map(({ cause }) => cause);

const prepare = async (scene: Scene, lineMs: number): Promise<void> => {
  await startTrace(scene.guest);
  await scene.guest.sh(`mkdir ${LOST}; echo 30M > ${LOST}/memory.max; dmesg -n 1`);
  await scene.guest.sh(`echo ${lineMs} > /proc/sys/kernel/printk_delay`);
};

/** How long the leak lived, which needs 5 s to take what there is, and when that was all. */
const play = async (
  scene: Scene,
  lineMs: number,
  callers: Workload[],
): Promise<{ livedMs: number; onsetUs: number }> => {
  await prepare(scene, lineMs);
  const seen = await scene.watch({ seconds: WATCH_S, workloads: [...INNOCENTS, ...callers, LEAK] });
  const { diedUs, startedUs } = runNamed(seen, 'leak');
  const livedMs = diedUs === 0 ? Number.POSITIVE_INFINITY : (diedUs - startedUs) / 1000;
  note('oom-lock', { callers: callers.length, livedMs, kills: counterGrowth(seen, 'oom_kill') });
  const leastKiB = Math.min(...seen.memory.map(({ availableKiB }) => availableKiB));
  return { livedMs, onsetUs: lastAboveMarkUs(seen, leastKiB + SWING_KIB) };
};

/** Between two reports the lock is free for whoever asks just then, one time in four the leak: the longest of some plays counts. */
const PLAYS = 3;

test('without us the kernel gets to kill the leak later, or not at all, for a memcg that only tells of itself', async () => {
  const lived = async (callers: Workload[]): Promise<number> => {
    let ms = Number.NaN;
    await withoutDaemon(async (scene) => {
      ms = (await play(scene, LINE_MS, callers)).livedMs;
    });
    return ms;
  };
  const aloneMs = await lived([]);
  expect(aloneMs, 'with the killer free').toBeLessThan(WATCH_S * 1000);
  let besideMs = 0;
  for (let plays = 0; plays < PLAYS && besideMs <= aloneMs + LATER_MS; plays++) {
    besideMs = Math.max(besideMs, await lived(CALLERS));
  }
  expect(besideMs, 'beside them').toBeGreaterThan(aloneMs + LATER_MS);
});

test('enforcing, the leak dies before the kernel has to be asked', () =>
  withDaemon({ wideMarks: true }, async (scene) => {
    await prepare(scene, LINE_MS);
    const seen = await scene.watch({ seconds: WATCH_S, workloads: [...INNOCENTS, ...CALLERS, LEAK] });
    expectKilled(seen, 'leak');
    expect(counterGrowth(seen, 'oom_kill')).toBe(0);
  }));

test('observing, it goes on beside all who wait, and tells the class', () =>
  withDaemon({ observe: true, wideMarks: true }, async (scene) => {
    const { livedMs, onsetUs } = await play(scene, LINE_MS, CALLERS);
    expect(livedMs, 'nobody could help for a while').toBeGreaterThan(LATER_MS);
    // The reporter has no memory of its own taken, and goes on when the others have theirs.
    await until('the class is told', 60_000, async () => causesOf(scene).includes('oom_lock'));
    // Whether anything else still moves is the machine's.
    const classes = ['before_kill oom_lock', 'overload oom_lock'];
    await expectVerdictWithin(scene, classes.find((each) => hasTold(scene, each)) ?? 'oom_lock', onsetUs);
    // Between the verdicts it sees to the host, whose every allocation loops: its own pages are there.
    const latest = Math.max(0, ...told(scene, 'late').map(({ late_ms }) => Number(late_ms)));
    expectFigure('lateness of a turn of the loop in the livelock, ms', latest, LATE_MS);
  }));
