import { describe, expect, it } from 'vitest';
import { rowBadness, rowSizeKiB } from '../../../src/core/select/badness.ts';
import { ABSENT } from '../../../src/core/units.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import { createFakeKernel, FAKE_ROOT, type FakeKernel } from './fake-kernel.ts';
import { choosing, indexOn, type TestIndex } from './index-on.ts';
import { faultsOf } from './soundness.ts';

/** All but pid 2 are chosen. */
const on = (...processes: readonly FakeProcess[]): { kernel: FakeKernel; index: TestIndex } => {
  const kernel = createFakeKernel(processes);
  const choose = choosing(...processes.map(({ pid }) => pid).filter((pid) => pid !== 2));
  const index = indexOn(kernel, { env: { procRoot: FAKE_ROOT }, capacity: 16, chosen: 16, choose });
  index.settle();
  return { kernel, index };
};

describe('children of kthreadd', () => {
  const kthreadd: FakeProcess = { pid: 2, ppid: 0, comm: 'kthreadd', rssKiB: null, oomScore: 0 };

  it('that have memory are user mode helpers (a core dump handler), not kernel threads', () => {
    const { index } = on(kthreadd, { pid: 30, ppid: 2, comm: 'core-handler', rssKiB: 3_000_000, oomScore: 860 });
    expect(index.flagsOf(2)).toEqual(['KTHREAD', 'IDENTIFIED']);
    expect(index.flagsOf(30)).toEqual(['ARMED', 'IDENTIFIED']);
    index.scan();
    expect(index.table.rssKiB[index.slotOf(30)]).toBe(3_000_000);
  });

  it('count as kernel threads by what newer kernels say in status', () => {
    const { kernel, index } = on(kthreadd);
    const life = kernel.add({ pid: 31, ppid: 2, comm: 'helper', state: 'Z', rssKiB: null, oomScore: 0 });
    life.texts['status'] = life.texts['status']?.replace('Groups:', 'Kthread:\t0\nGroups:') ?? '';
    const thread = kernel.add({ pid: 32, ppid: 2, comm: 'kworker/1:1', rssKiB: null, oomScore: 0 });
    thread.texts['status'] = thread.texts['status']?.replace('Groups:', 'Kthread:\t1\nGroups:') ?? '';
    index.settle();
    expect(index.flagsOf(31)).not.toContain('KTHREAD');
    expect(index.flagsOf(32)).toEqual(['KTHREAD', 'IDENTIFIED']);
  });
});

describe('a status that does not fit or parse', () => {
  // 65,536 groups of seven digits: the memory lines come half a megabyte behind the name.
  const crowd = `Groups:\t${Array.from({ length: 65_536 }, (_, at) => 1_000_000 + at).join(' ')} `;

  it.each([
    ['has too many groups', (text: string) => text.replace(/^Groups:.*$/m, crowd)],
    ['is cut off', (text: string) => text.slice(0, text.indexOf('VmRSS') + 8)],
    ['is empty', () => ''],
    ['is of another kernel', (text: string) => text.replace('Threads:', 'Heads:')],
  ])('%s: comm is read elsewhere and oom_score ranks it, not the memory it had before', (_, garble) => {
    const process: FakeProcess = { pid: 40, uid: 140, comm: 'hog', rssKiB: 100_000, oomScore: 675 };
    const { kernel, index } = on(process);
    const slot = index.slotOf(40);
    const before = rowBadness(index.table, slot);
    expect(index.table.rssKiB[slot]).toBe(100_000);
    kernel.change(40, { rssKiB: 5_000_000, oomScore: 1080 });
    const life = kernel.lives.get(40);
    if (life !== undefined) life.texts['status'] = garble(life.texts['status'] ?? '');
    index.scan();
    expect(index.flagsOf(40)).toEqual(['ARMED', 'IDENTIFIED']);
    expect(index.table.rssKiB[slot]).toBe(ABSENT);
    expect(rowSizeKiB(index.table, slot)).toBeGreaterThan(4_500_000);
    expect(rowBadness(index.table, slot)).toBeGreaterThan(before * 10);
    index.clock.nowMs += 10_000;
    index.settle();
    expect(index.table.comm[slot]).toBe('hog');
    expect(rowSizeKiB(index.table, slot)).toBeGreaterThan(4_500_000);
    expect(faultsOf(kernel, index)).toEqual([]);
  });
});

it('a process that dumps core is marked while it does', () => {
  const { kernel, index } = on({ pid: 60, uid: 160, rssKiB: 100_000, oomScore: 675 });
  const life = kernel.lives.get(60);
  const calm = life?.texts['status'] ?? '';
  expect(index.flagsOf(60)).not.toContain('CORE_DUMPING');
  if (life !== undefined) life.texts['status'] = calm.replace('CoreDumping:\t0', 'CoreDumping:\t1');
  index.scan();
  expect(index.flagsOf(60)).toContain('CORE_DUMPING');
  if (life !== undefined) life.texts['status'] = calm;
  index.scan();
  expect(index.flagsOf(60)).not.toContain('CORE_DUMPING');
});

describe('a key of the mm', () => {
  const withCode = (kernel: FakeKernel, pid: number, exeKiB: number, libKiB: number): void => {
    const life = kernel.lives.get(pid);
    const lines = `VmExe:\t${exeKiB} kB\nVmLib:\t${libKiB} kB\nVmPTE:`;
    if (life !== undefined) life.texts['status'] = life.texts['status']?.replace('VmPTE:', lines) ?? '';
  };

  it('is that of its code: the same for the same, another for another, unknown without an mm', () => {
    const { kernel, index } = on(
      ...[70, 71, 72, 73].map((pid) => ({ pid, uid: pid, rssKiB: 100_000, oomScore: 675 })),
      { pid: 74, uid: 74, rssKiB: null, state: 'Z', oomScore: 0 },
    );
    withCode(kernel, 70, 640, 8);
    withCode(kernel, 71, 640, 8);
    withCode(kernel, 72, 640, 1632);
    withCode(kernel, 73, 8, 640);
    index.scan();
    const key = (pid: number): number => index.table.mmKey[index.slotOf(pid)] as number;
    expect(key(70)).toBeGreaterThanOrEqual(0);
    expect(key(71)).toBe(key(70));
    expect(new Set([key(70), key(72), key(73)]).size).toBe(3);
    expect(key(74)).toBe(ABSENT);
    kernel.change(70, { rssKiB: null, state: 'Z' });
    index.scan();
    expect(key(70)).toBe(ABSENT);
  });
});

describe('a process whose leader has exited', () => {
  const LEADERLESS: Partial<FakeProcess> = { state: 'Z', rssKiB: null, threads: 3, oomScore: 740 };
  const process: FakeProcess = { pid: 50, uid: 150, comm: 'threads', threads: 4, rssKiB: 900_000, oomScore: 740 };
  const threads = [51, 52, 53].map((tid) => ({ tid, rssKiB: 900_000, state: 'S' }));

  it('after it was armed shows the memory again from the next round on, by a thread', () => {
    const { kernel, index } = on({ ...process, tasks: threads });
    const slot = index.slotOf(50);
    const pidfd = index.slots.pidfd[slot];
    kernel.change(50, { ...LEADERLESS, tasks: threads });
    index.scan();
    expect(index.flagsOf(50)).toEqual(['ZOMBIE_LEADER', 'ARMED', 'IDENTIFIED']);
    // Not known for the moment, and not zero: oom_score still has it.
    expect(index.table.rssKiB[slot]).toBe(ABSENT);
    expect(rowSizeKiB(index.table, slot)).toBeGreaterThan(850_000);
    index.settle();
    expect(index.table.rssKiB[slot]).toBe(900_000);
    expect(index.slots.pidfd[slot]).toBe(pidfd);
    expect(kernel.open()).toContain(`${FAKE_ROOT}/50/task/51/status`);
    expect(kernel.open()).not.toContain(`${FAKE_ROOT}/50/status`);
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('lives on when the thread ends by which it was watched, and another one takes its place', () => {
    const { kernel, index } = on({ ...process, ...LEADERLESS, tasks: threads });
    const slot = index.slotOf(50);
    expect(index.table.rssKiB[slot]).toBe(900_000);
    kernel.change(50, { ...LEADERLESS, threads: 2, tasks: threads.slice(1) });
    index.scan();
    expect(index.flagsOf(50)).toEqual(['ZOMBIE_LEADER', 'ARMED', 'IDENTIFIED']);
    expect([index.table.rssKiB[slot], index.table.oomScore[slot]]).toEqual([ABSENT, 740]);
    index.settle();
    expect(index.table.rssKiB[slot]).toBe(900_000);
    kernel.change(50, { ...LEADERLESS, threads: 1, tasks: [] });
    index.settle();
    expect(index.flagsOf(50)).not.toContain('GONE');
    kernel.vanish(50);
    index.scan();
    expect(index.flagsOf(50)).toContain('GONE');
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('is an ordinary one again when another thread has called exec', () => {
    const { kernel, index } = on({ ...process, ...LEADERLESS, tasks: threads });
    kernel.change(50, { state: 'S', threads: 1, rssKiB: 20_000, oomScore: 668, tasks: [] });
    index.scan();
    index.clock.nowMs += 10_000;
    index.settle();
    expect(index.flagsOf(50)).toEqual(['ARMED', 'IDENTIFIED']);
    expect(index.table.rssKiB[index.slotOf(50)]).toBe(20_000);
    index.scan();
    expect(index.flagsOf(50)).toEqual(['ARMED', 'IDENTIFIED']);
    expect(faultsOf(kernel, index)).toEqual([]);
  });
});
