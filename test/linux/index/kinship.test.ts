import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { ancestorsOf } from '../../../src/linux/self.ts';
import { removeNative } from '../../support/native/build.ts';
import { needs } from '../../support/native/skip.ts';
import { endSubjects, startSubject, statusField } from '../../support/native/subject.ts';
import { type CountingIo, createCountingIo } from './counting-io.ts';
import { choosing, indexOn, type TestIndex } from './index-on.ts';

let io: CountingIo;
let index: TestIndex;

beforeEach(() => {
  io = createCountingIo();
});
afterEach(async () => {
  index.close();
  await endSubjects();
});
afterAll(removeNative);

const ownFamily = { selfPid: process.pid, ancestors: ancestorsOf('/proc', process.pid) };
const pidsNow = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
const isKernelThread = (pid: number): boolean => {
  try {
    return pid === 2 || statusField(pid, 'PPid') === '2';
  } catch {
    return false;
  }
};
const seesKernelThreads = (): boolean => pidsNow().some((pid) => pid === 2 && isKernelThread(3));

describe('over the real /proc', () => {
  it('enrols every process that lives through the round, each once', () => {
    const before = new Set(pidsNow());
    index = indexOn(io);
    index.settle();
    const stayed = pidsNow().filter((pid) => before.has(pid));
    expect(stayed.filter((pid) => index.slotOf(pid) === ABSENT)).toEqual([]);
    const { table } = index;
    const pids = [...table.rows.subarray(0, table.count)].map((slot) => table.pid[slot]);
    expect(new Set(pids).size).toBe(pids.length);
    expect(index.counts()).toMatchObject({ known: table.count, overflow: 0, rounds: 1 });
  });

  it('enrols a child that appears between two rounds', async () => {
    index = indexOn(io);
    index.settle();
    const child = await startSubject();
    expect(index.slotOf(child.pid)).toBe(ABSENT);
    index.settle();
    expect(index.slotOf(child.pid)).not.toBe(ABSENT);
    await child.end();
    index.settle();
    expect(index.slotOf(child.pid)).toBe(ABSENT);
  });

  it('keeps oom_score_adj of a kernel thread, no file with a 4 KiB buffer, and nobody else as one', (context) => {
    needs(context, seesKernelThreads(), 'this pid namespace has no kernel threads');
    index = indexOn(io);
    index.settle(2);
    const open = new Set(io.open());
    const threads = pidsNow().filter((pid) => isKernelThread(pid) && index.slotOf(pid) !== ABSENT);
    expect(threads.length).toBeGreaterThan(10);
    for (const pid of threads) {
      expect([pid, index.flagsOf(pid)]).toEqual([pid, ['KTHREAD', 'IDENTIFIED']]);
      expect(open.has(`/proc/${pid}/oom_score_adj`)).toBe(true);
      expect(open.has(`/proc/${pid}/oom_score`)).toBe(false);
      expect(open.has(`/proc/${pid}/status`)).toBe(false);
    }
    const others = pidsNow().filter((pid) => !isKernelThread(pid));
    expect(others.filter((pid) => index.flagsOf(pid).includes('KTHREAD'))).toEqual([]);
  });

  it('knows pid 1, itself, its children and its parents, and arms none of them', async () => {
    const child = await startSubject();
    const family = [1, process.pid, child.pid, ...ownFamily.ancestors];
    index = indexOn(io, { env: ownFamily, choose: choosing(...family) });
    index.settle(2);
    expect(index.flagsOf(1)).toEqual(expect.arrayContaining(['INIT', 'ANCESTOR', 'IDENTIFIED']));
    expect(index.flagsOf(process.pid)).toEqual(expect.arrayContaining(['SELF', 'IDENTIFIED']));
    expect(index.flagsOf(child.pid)).toEqual(expect.arrayContaining(['SELF', 'IDENTIFIED']));
    const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
    expect(parent).toBe(process.ppid);
    expect(index.flagsOf(parent)).toEqual(expect.arrayContaining(['ANCESTOR', 'IDENTIFIED']));
    for (const pid of family) {
      expect(index.flagsOf(pid)).not.toContain('ARMED');
      const slot = index.slotOf(pid);
      expect(index.slots.pidfd[slot]).toBe(ABSENT);
      // By its size it is told from a candidate of the same program.
      expect(index.table.rssKiB[slot]).toBeGreaterThan(0);
    }
    expect(io.open().filter((what) => what.startsWith('pidfd'))).toEqual([]);
  });

  it("does not take another process's child for its own", async () => {
    const child = await startSubject();
    index = indexOn(io, {
      env: { selfPid: child.pid, ancestors: new Set() },
      choose: choosing(child.pid, process.pid),
    });
    index.settle(2);
    expect(index.flagsOf(child.pid)).toContain('SELF');
    expect(index.flagsOf(process.pid)).not.toContain('SELF');
    expect(index.flagsOf(process.pid)).not.toContain('ANCESTOR');
    expect(index.flagsOf(process.pid)).toContain('ARMED');
  });
});
