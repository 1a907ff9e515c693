/** The watcher of cgroups on a fake tree, with the test's own process as the only member. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openHost } from '../../../src/commands/daemon/host.ts';
import { capacityFor, watchCgroups } from '../../../src/commands/daemon/watch-cgroups.ts';
import { emptyObservations } from '../../../src/core/observations.ts';
import { createState } from '../../../src/core/state.ts';
import { REAL_ROOTS } from '../../../src/linux/root.ts';
import { fakeTree } from '../../linux/cgroup/fake-tree.ts';
import { defaultPolicy } from '../../support/policy.ts';

const MIB = 1024;

it.each([
  [1, 64],
  [32, 524],
  [64, 1024],
  [3072, 1024],
])('of a host of %d GiB, RAM and swap, %d cgroups are kept at the most', (gib, capacity) => {
  expect(capacityFor({ totalPages: (gib * 1024 * MIB) / 4, pageKiB: 4 })).toBe(capacity);
});

it('finds a cgroup that is new while something stalls, reads it, and says who is in it', async () => {
  const tree = fakeTree();
  tree.set('/old', { current: MIB });
  const real = openHost(REAL_ROOTS, defaultPolicy());
  const host = { ...real, cgroup2: tree.root };
  const state = createState(host.index.table.capacity);
  const watcher = watchCgroups(host, state, () => undefined);
  const seen = emptyObservations();
  let nowMs = host.clock.nowMs();
  const turns = async (ms: number): Promise<void> => {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 100) {
      watcher.take(seen);
      watcher.run(nowMs);
      await sleep(5);
    }
  };
  await turns(200);
  tree.set('/lost', { current: 30 * MIB, max: 30 * MIB, procs: [process.pid] });
  state.cgroupWatch.isStalling = true;
  // More between any two readings.
  for (let oom = 0; oom < 9000; oom += 150) {
    tree.set('/lost', { local: { oom }, events: { oom }, pressure: { some: oom * 1000, full: oom * 500 } });
    await turns(100);
  }
  expect(seen.cgroupSerial).toBeGreaterThan(3);
  expect(seen.cgroups.map(({ path }) => path)).toEqual(['/lost']);
  expect(seen.cgroups[0]?.oomPerS).toBeGreaterThan(100);
  state.cgroupWatch.wanted = '/lost';
  await turns(1000);
  expect(seen.cgroupMembers).toMatchObject({ path: '/lost', processes: 1, isWhole: true });
  expect(seen.cgroupMembers?.text).toMatch(new RegExp(`^pid ${process.pid} \\(.+\\) at oom_score_adj -?\\d+$`));
  expect(watcher.isWaiting()).toBe(false);
  real.index.close();
  real.sampler.close();
});
