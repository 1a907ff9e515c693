/** memory.oom.group over a fake cgroup2 in a folder; the processes are of a fake kernel. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOomGroups, type OomGroups } from '../../../src/linux/index/oom-group.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import { createFileIo, type FileIo } from '../../support/file-io.ts';
import { createFakeKernel, FAKE_ROOT, type FakeKernel } from './fake-kernel.ts';
import { choosing, indexOn, type TestIndex } from './index-on.ts';
import { faultsOf } from './soundness.ts';

let root: string;
let io: FileIo;
let groups: OomGroups;

/** null: no memory controller there, so no such file. */
const cgroup = (path: string, group: 0 | 1 | null = null, pids: readonly number[] = []): void => {
  mkdirSync(join(root, path), { recursive: true });
  if (group !== null) writeFileSync(join(root, path, 'memory.oom.group'), `${group}\n`);
  writeFileSync(join(root, path, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'oomwatchd-cgroup-'));
  io = createFileIo();
  groups = createOomGroups(io, root);
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the cgroup that is killed as a whole', () => {
  it.each([
    ['/a/b/c', 0, 0, 0, ''],
    ['/a/b/c', 0, 0, 1, '/a/b/c'],
    ['/a/b/c', 0, 1, 1, '/a/b'],
    ['/a/b/c', 1, 0, 1, '/a'],
    ['/a/b', 0, 0, 1, ''],
    ['/a', 1, 0, 0, '/a'],
    ['/', 1, 1, 1, ''],
    ['', 1, 1, 1, ''],
    ['/../a/b', 1, 1, 1, ''],
    ['/none/of/these', 1, 1, 1, ''],
  ] as const)('is of %j the highest that has it set, of %i %i %i', (path, a, b, c, expected) => {
    // The root has no such file; one there must not count.
    writeFileSync(join(root, 'memory.oom.group'), '1\n');
    cgroup('a', a);
    cgroup('a/b', b);
    cgroup('a/b/c', c);
    expect(groups.of(path, 0)).toBe(expected);
  });

  it('is none where there is no memory controller', () => {
    cgroup('a/b');
    expect(groups.of('/a/b', 0)).toBe('');
  });

  it('is asked for once in 10 s, and of no more cgroups than can be kept', () => {
    cgroup('a', 0);
    groups.of('/a', 0);
    io.calls.open = 0;
    cgroup('a', 1);
    expect(groups.of('/a', 9999)).toBe('');
    expect(io.calls.open).toBe(0);
    expect(groups.of('/a', 10_000)).toBe('/a');
    for (let at = 0; at < 1024; at++) groups.of(`/c${at}`, 10_000);
    cgroup('a', 0);
    expect(groups.of('/a', 10_001)).toBe('');
    expect(io.openPaths()).toEqual([]);
  });
});

describe('the members of a group', () => {
  let kernel: FakeKernel;
  const process = (pid: number, path: string, rssKiB: number): FakeProcess => {
    return { pid, uid: pid, comm: `p${pid}`, cgroup: path, rssKiB, oomScore: 667 };
  };
  /** Only 100 is a candidate. */
  const on = (...processes: FakeProcess[]): TestIndex => {
    kernel = createFakeKernel(processes);
    const env = { procRoot: FAKE_ROOT, oomGroups: groups };
    return indexOn(kernel, { env, capacity: 1024, chosen: 8, choose: choosing(100) });
  };
  const known = (index: TestIndex): Record<number, string | undefined> =>
    Object.fromEntries(
      [...kernel.lives.keys()]
        .filter((pid) => index.flagsOf(pid).includes('IDENTIFIED'))
        .map((pid) => [pid, index.table.oomGroup[index.slotOf(pid)]]),
    );

  beforeEach(() => {
    cgroup('pod', 1);
    cgroup('pod/main', 0, [100, 101]);
    cgroup('pod/side/car', 0, [102, 999]);
    cgroup('other', 1, [103]);
  });
  const POD = [
    process(100, '/pod/main', 900_000),
    process(101, '/pod/main', 1000),
    process(102, '/pod/side/car', 1000),
    process(103, '/other', 1000),
  ];

  it('of a candidate are known however small they are, also those in cgroups below; of others they are not', () => {
    const index = on(...POD);
    index.settle();
    expect(known(index)).toEqual({ 100: '/pod', 101: '/pod', 102: '/pod' });
    for (const pid of [101, 102]) expect(index.flagsOf(pid)).not.toContain('ARMED');
    expect(index.table.comm[index.slotOf(102)]).toBe('p102');
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('are looked at again after 10 s, and whoever has left is none', () => {
    const index = on(...POD);
    index.settle(2);
    kernel.change(101, { cgroup: '/other' });
    cgroup('pod/main', 0, [100]);
    cgroup('other', 1, [101, 103]);
    index.settle();
    expect(known(index)[101]).toBe('');
    const before = index.identifiedSlots.length;
    index.settle();
    expect(index.identifiedSlots).toHaveLength(before);
    index.clock.nowMs += 10_000;
    index.settle();
    expect(index.identifiedSlots).toHaveLength(before + 2);
    expect(known(index)).toMatchObject({ 100: '/pod', 102: '/pod' });
  });

  it('are no group any more when the candidate is gone', () => {
    const index = on(...POD);
    index.settle();
    kernel.vanish(100);
    index.settle(2);
    expect(known(index)).toEqual({ 101: '', 102: '' });
  });

  it('of a huge group are known in part, and cost a bounded time', () => {
    const crowd = Array.from({ length: 400 }, (_, at) => process(2000 + at, '/pod/main', 1000));
    const index = on(...POD, ...crowd);
    cgroup('pod/main', 0, [100, ...crowd.map(({ pid }) => pid)]);
    index.settle();
    expect(Object.values(known(index)).filter((group) => group === '/pod')).toHaveLength(256 + 1);
  });

  it('are walked through in slices', () => {
    const index = on(...POD);
    let slices = 1;
    while (!index.refresh(0)) slices++;
    expect(slices).toBeGreaterThan(10);
    expect(known(index)).toEqual({ 100: '/pod', 101: '/pod', 102: '/pod' });
  });
});
