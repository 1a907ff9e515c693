// `npm run bench:peers`: the thrash cases under each killer. OOMWATCHD_RUNS of each (3); -t CASE or -t PEER for a part.
import { afterAll, expect, test } from 'vitest';
import { counterGrowth } from '../harness/judge.ts';
import { type Scene, withoutDaemon, withWarmDaemon } from '../harness/scene.ts';
import { swapThrash, zramThrash } from '../harness/swap.ts';
import { lowThrash, PROOF, quarterThrash, suffering, type Thrash } from '../harness/thrash.ts';
import { buildPeersDisk } from './image.ts';
import { mountPeers, PEERS, type Peer } from './peers.ts';
import { markdown, type Outcome } from './table.ts';

const RUNS = Number(process.env['OOMWATCHD_RUNS'] ?? 3);
/** Who has done nothing within a minute of a hang is said to never do it. */
const WATCH_S = 60;
/** Commands that hang for most of the time: nobody who died meanwhile was the right one. */
const STILL_HANGS = 0.6;

const CASES: Record<string, (scene: Scene) => Promise<Thrash>> = {
  'thrash-quarter': quarterThrash,
  'thrash-low': lowThrash,
  'thrash-swap': swapThrash,
  'thrash-zram': zramThrash,
};

async function outcomeOf(scene: Scene, make: (scene: Scene) => Promise<Thrash>, peer: Peer): Promise<Outcome> {
  const thrash = await make(scene);
  const own = peer.start === 'daemon' ? [] : peer.start;
  const seen = await scene.watch({
    seconds: thrash.startsMs / 1000 + WATCH_S,
    workloads: [...own, ...thrash.workloads],
    until: PROOF,
  });
  const was = suffering(seen, thrash);
  const died = seen.runs.filter(({ diedUs }) => diedUs > 0).map(({ run }) => run);
  const isRescue = died.includes('hog') || was.slowShare < STILL_HANGS;
  return {
    usableAfterMs: isRescue ? was.usableAfterMs : Number.POSITIVE_INFINITY,
    died,
    kernelKills: counterGrowth(seen, 'oom_kill'),
  };
}

const rows = new Map(Object.keys(CASES).map((name) => [name, new Map<string, Outcome[]>()]));

for (const [name, make] of Object.entries(CASES))
  for (const peer of PEERS)
    test(`${name} under ${peer.name}`, async () => {
      const outcomes: Outcome[] = [];
      rows.get(name)?.set(peer.name, outcomes);
      const play = async (scene: Scene): Promise<void> => {
        if (peer.start !== 'daemon') await mountPeers(scene);
        outcomes.push(await outcomeOf(scene, make, peer));
      };
      for (let run = 0; run < RUNS; run++) {
        await (peer.start === 'daemon' ? withWarmDaemon({}, play) : withoutDaemon(play, buildPeersDisk()));
        process.stdout.write(`${name} under ${peer.name}: ${JSON.stringify(outcomes.at(-1))}\n`);
      }
      expect(
        outcomes.every(({ died }) => !died.includes('peer')),
        `${peer.name} lives`,
      ).toBe(true);
    });

afterAll(() => {
  const played = new Map([...rows].filter(([, byPeer]) => byPeer.size > 0));
  process.stdout.write(
    `\n${markdown(
      PEERS.map(({ name }) => name),
      played,
    )}\n`,
  );
});
