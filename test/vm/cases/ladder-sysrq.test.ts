// The rung above signals: two victims do not go (frozen, and nobody reaps them), so the kernel is asked. Undirected it
// takes the larger of them, whose memory it can give back; directed it takes whom we would, and nobody who is protected.
import { expect, test } from 'vitest';
import type { Guest } from '../harness/guest.ts';
import { type Scene, withDaemon } from '../harness/scene.ts';
import { kernelMarks, pidOf, pidsOf, startHolder, told, until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

const ACT = ['reap: false', 'futility: false'];
const KEEPER = '/opt/vm/innocent';
const FREEZER = '/run/freezer/stuck';
/** What is left when everybody is there: less than the kill mark of wide marks (64 MiB). */
const LEFT_MIB = 48;
const FROZEN_MIB = [80, 70];
const THIRD_MIB = 30;

/** Two frozen processes and a third one that can die. */
async function threeHolders(guest: Guest): Promise<number[]> {
  await guest.sh('mkdir /run/freezer && mount -t cgroup -o freezer freezer /run/freezer');
  await guest.sh(`mkdir ${FREEZER}`);
  const pids: number[] = [];
  for (const mib of [...FROZEN_MIB, THIRD_MIB]) {
    await startHolder(guest, `exec threads start=${mib}`);
    pids.push(...(await pidsOf(guest, 'threads')).filter((pid) => !pids.includes(pid)));
  }
  await guest.sh(`for pid in ${pids.slice(0, 2).join(' ')}; do echo $pid > ${FREEZER}/cgroup.procs; done`);
  await guest.sh(`echo FROZEN > ${FREEZER}/freezer.state; sleep 3`);
  return pids;
}

/** oom_score_adj of everybody who is there, by pid. */
async function everyAdj(guest: Guest): Promise<Map<number, number>> {
  const { stdout } = await guest.sh('cd /proc; for p in [0-9]*; do echo $p $(cat $p/oom_score_adj); done 2>/dev/null');
  const lines = stdout.split('\n').map((line) => line.split(' ').map(Number));
  return new Map(lines.filter((fields) => fields.length === 2) as [number, number][]);
}

const outcomes = (scene: Scene): unknown[] => told(scene, 'sysrq').map(({ outcome }) => outcome);

test('undirected: the kernel takes the victim that did not go, and its memory comes back', async () => {
  await withDaemon({ wideMarks: true, act: ACT }, async (scene) => {
    const { guest } = scene;
    await startTrace(guest);
    const pids = await threeHolders(guest);
    await guest.sh(`kill -9 ${pids[2]}; sleep 1`); // nobody else is worth a signal
    const before = await scene.availableMiB();
    // Out of everybody's reach, so that the two decide.
    const unkillable = 'echo -1000 > /proc/self/oom_score_adj; exec innocent';
    await startHolder(guest, `${unkillable} mib=${before - LEFT_MIB}`);
    await until('the press is judged', 60_000, () => outcomes(scene).length >= 2);
    expect(outcomes(scene).slice(0, 2)).toEqual(['pressed', 'swallowed']);
    const { stdout } = await guest.sh(`ls /proc/${pids[0]}/task`);
    const tids = stdout.trim().split('\n').map(Number);
    for (const { pid } of await kernelMarks(guest)) expect(tids).toContain(pid);
    await until('its memory is back', 20_000, async () => (await scene.availableMiB()) > LEFT_MIB + 40);
    expect(await pidsOf(guest, 'innocent')).toHaveLength(1);
  });
});

/** A protected process that is larger than all others takes what is left. */
async function withKeeper(scene: Scene): Promise<{ pids: number[]; before: Map<number, number>; keeper: number }> {
  const { guest } = scene;
  const pids = await threeHolders(guest);
  const before = await everyAdj(guest);
  await startHolder(guest, `exec innocent mib=${(await scene.availableMiB()) - LEFT_MIB}`);
  const keeper = await pidOf(guest, 'innocent');
  return { pids, before: before.set(keeper, 0), keeper };
}

/** All who are there still are as they were. */
async function expectAsBefore(guest: Guest, before: Map<number, number>): Promise<void> {
  const changed = [...(await everyAdj(guest))].filter(([pid, adj]) => before.has(pid) && before.get(pid) !== adj);
  expect(changed, 'pids whose oom_score_adj is not as it was').toEqual([]);
}

const DIRECTED = { wideMarks: true, act: [...ACT, 'sysrq_f: directed'], protectExe: [KEEPER] };

test('directed: the kernel takes the steered process, the protected one lives, every oom_score_adj is as before', async () => {
  await withDaemon(DIRECTED, async (scene) => {
    const { guest } = scene;
    await startTrace(guest);
    const { pids, before, keeper } = await withKeeper(scene);
    await until('the press is judged', 60_000, () => outcomes(scene).length >= 2);
    expect(outcomes(scene)).toEqual(['pressed', 'executed']);
    expect((await kernelMarks(guest)).map(({ pid }) => pid)).toEqual([pids[2]]);
    expect(await pidsOf(guest, 'innocent')).toEqual([keeper]);
    await until('it is put back', 10_000, () => told(scene, 'restored').length > 0);
    await expectAsBefore(guest, before);
  });
});

test('directed, and killed between the change and the putting back: restore-adj does that', async () => {
  await withDaemon(DIRECTED, async (scene) => {
    const { guest, daemon } = scene;
    // It lies in wait for the change itself: killed after the keeper is steered, whatever is still to be steered then.
    const lurk = `until pid=$(pidof innocent); do :; done
      while :; do read -r adj < /proc/$pid/oom_score_adj; [ "$adj" = -1000 ] && break; done; kill -9 ${daemon.pid}`;
    const lurking = guest.start(lurk);
    const { before, keeper } = await withKeeper(scene);
    await lurking.ended;
    await until('it is gone', 10_000, async () => !(await daemon.isAlive()));
    const left = await everyAdj(guest);
    expect(left.get(keeper), 'killed too early or too late').toBe(-1000);

    const { stdout } = await guest.sh('node /opt/daemon/dist/main.js restore-adj', { timeoutMs: 120_000 });
    expect(stdout).toContain('put back:');
    await expectAsBefore(guest, before);
    expect((await guest.sh('node /opt/daemon/dist/main.js restore-adj', { timeoutMs: 120_000 })).stdout).toContain(
      'nothing',
    );
  });
});
