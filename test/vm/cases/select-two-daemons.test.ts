// Several killers on one host, with the same mark. A process in exit shows no memory any more before it has given it back:
// who looks then finds memory short and the next process the largest.
import { expect, test } from 'vitest';
import type { Judgement } from '../harness/judge.ts';
import { expectKilled, expectNoKernelKill, note } from '../harness/outcome.ts';
import { type Workload, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

const earlyoom = (name: string): Workload => ({ name, atMs: 0, command: 'exec earlyoom -r 0 -m 10' });

/** The second largest is worth a kill while the largest is dying. */
const processes = (rate: number): Workload[] => [
  { name: 'steady', atMs: 0, command: 'exec threads start=110' },
  { name: 'leak', atMs: 3000, command: `exec threads start=130 rate=${rate}` },
];

/** MiB/s: so that all killers wake up while it grows, and so that it is far below all marks when they do. */
const GENTLE = 30;
const FAST = 1000;

const WATCH = { seconds: 30, until: { name: 'leak', afterMs: 3000 } };

const died = (seen: Judgement): string[] => seen.runs.filter(({ diedUs }) => diedUs > 0).map(({ run }) => run);

/** Who dies when several look at the same moment is a matter of milliseconds: a figure, not a certainty. */
const ROUNDS = 2;

test('of four earlyooms some shoot the largest process and others, perhaps, the next', async () => {
  await withoutDaemon(async (scene) => {
    const peers = ['first', 'second', 'third', 'fourth'].map(earlyoom);
    const rounds: string[][] = [];
    while (rounds.length < ROUNDS) {
      rounds.push(died(await scene.watch({ ...WATCH, workloads: [...peers, ...processes(FAST)] })));
    }
    note('four earlyooms killed', { rounds });
    for (const round of rounds) expect(round).toContain('leak');
  });
});

for (const [what, rate] of [
  ['slowly', GENTLE],
  ['at once', FAST],
] as const) {
  test(`beside earlyoom the daemon shoots one process at most when memory goes ${what}`, async () => {
    await withDaemon({}, async (scene) => {
      await startTrace(scene.guest);
      const seen = await scene.watch({ ...WATCH, workloads: [earlyoom('earlyoom'), ...processes(rate)] });
      expectKilled(seen, 'leak');
      await expectNoKernelKill(scene, seen);
      const leak = seen.runs.find(({ run }) => run === 'leak')?.pid;
      const ours = new Set((await daemonSignals(scene)).map(({ pid }) => pid));
      expect([[], [leak]], 'whom the daemon signalled').toContainEqual([...ours]);
      // What earlyoom does in the moment of our kill is its own affair.
      note(`beside earlyoom, ${what}, died`, { died: died(seen) });
    });
  });
}
