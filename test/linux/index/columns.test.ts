/** The numbers of the table against those that the kernel shows elsewhere. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, expect, it } from 'vitest';
import { FLAG } from '../../../src/core/process-table.ts';
import { badnessOfScore, disagreesWithKernel, oomScoreOf, rowBadness } from '../../../src/core/select/badness.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { removeNative } from '../../support/native/build.ts';
import { endSubjects, startSubject, statusField } from '../../support/native/subject.ts';
import { createCountingIo } from './counting-io.ts';
import { choosing, indexOn, type TestIndex } from './index-on.ts';

afterEach(endSubjects);
afterAll(removeNative);

const meminfo = (field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/meminfo', 'latin1'))?.[1]);
const memTotalKiB = meminfo('MemTotal') + meminfo('SwapTotal');
const number = (pid: number, field: string): number => Number.parseInt(statusField(pid, field), 10);
const scoreFile = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score`, 'latin1'));
/** Every process with memory is chosen. */
const armAll = (): TestIndex => {
  const index = indexOn(createCountingIo(), {
    memTotalKiB,
    chosen: 4096,
    choose: (table, chosen) => {
      let count = 0;
      for (const slot of table.rows.subarray(0, table.count)) {
        if (((table.flags[slot] as number) & (FLAG.KTHREAD | FLAG.GONE)) === 0) chosen[count++] = slot;
      }
      return count;
    },
  });
  index.settle();
  return index;
};

it('memory of a process at rest is to the KiB as in status', async () => {
  const subjects = await Promise.all([startSubject(), startSubject()]);
  await subjects[1]?.tell('hold 48');
  const index = indexOn(createCountingIo(), { choose: choosing(...subjects.map(({ pid }) => pid)) });
  index.settle();
  index.scan();
  for (const { pid } of subjects) {
    const slot = index.slotOf(pid);
    const { rssKiB, rssAnonKiB, swapKiB, pageTablesKiB, threads, ppid } = index.table;
    const shown = [rssKiB, rssAnonKiB, swapKiB, pageTablesKiB, threads, ppid].map((column) => column[slot]);
    const fields = ['VmRSS', 'RssAnon', 'VmSwap', 'VmPTE', 'Threads', 'PPid'];
    expect(shown).toEqual(fields.map((field) => number(pid, field)));
  }
  expect(index.table.rssAnonKiB[index.slotOf(subjects[1]?.pid ?? 0)]).toBeGreaterThan(48 * 1024);
  index.close();
});

it('badness is that of the kernel, for all processes of this machine', () => {
  const index = armAll();
  index.scan();
  const { table } = index;
  const compared: number[] = [];
  const exceptions: string[] = [];
  let hidden = 0;
  for (const slot of table.rows.subarray(0, table.count)) {
    const flags = table.flags[slot] as number;
    if (table.rssKiB[slot] === ABSENT || (flags & FLAG.GONE) !== 0) continue;
    const ours = oomScoreOf(rowBadness(table, slot), table.totalPages);
    const shown = table.oomScore[slot] as number;
    // adj -1000, a vfork child, or given up on: the kernel shows no badness at all.
    if (shown === 0) {
      hidden++;
      continue;
    }
    compared.push(Math.abs(shown - ours));
    // 1 point of rounding, as the two were read one after the other.
    if (Math.abs(shown - ours) <= 1) continue;
    const { pid, comm, oomScoreAdj, rssKiB } = table;
    const who = `pid ${pid[slot]} ${JSON.stringify(comm[slot])} adj ${oomScoreAdj[slot]} rss ${rssKiB[slot]} KiB`;
    exceptions.push(`${who}: oom_score ${shown}, ours ${ours}${disagreesWithKernel(table, slot) ? ', DISAGREES' : ''}`);
  }
  if (exceptions.length > 0) process.stdout.write(`not as the kernel has it:\n  ${exceptions.join('\n  ')}\n`);
  process.stdout.write(
    `badness compared for ${compared.length} processes, ${exceptions.length} exceptions, ${hidden} hidden\n`,
  );
  expect(compared.length).toBeGreaterThan(3);
  expect(exceptions.length).toBeLessThanOrEqual(compared.length * 0.05);
  expect(exceptions.filter((line) => line.endsWith('DISAGREES'))).toEqual([]);
  index.close();
});

it.each([-1000, -999, -500, -1, 0, 1, 500, 1000])('badness is that of the kernel at oom_score_adj %i', async (adj) => {
  const subject = await startSubject();
  await subject.tell('hold 40');
  await subject.tell(`adj ${adj}`);
  const own = Number(readFileSync(`/proc/${subject.pid}/oom_score_adj`, 'latin1'));
  const index = indexOn(createCountingIo(), { memTotalKiB, choose: choosing(subject.pid) });
  index.settle();
  const slot = index.slotOf(subject.pid);
  expect(index.table.oomScoreAdj[slot]).toBe(own);
  expect(index.table.oomScore[slot]).toBe(scoreFile(subject.pid));
  const ours = oomScoreOf(rowBadness(index.table, slot), index.table.totalPages);
  expect(Math.abs(ours - scoreFile(subject.pid))).toBeLessThanOrEqual(own === -1000 ? 10 : 1);
  expect(disagreesWithKernel(index.table, slot)).toBe(false);
  // What an unarmed row is ranked by is right to the resolution of oom_score.
  const byScore = badnessOfScore(scoreFile(subject.pid), index.table.totalPages);
  const slack = (index.table.totalPages / 1000) * 3.1;
  if (own > -990) expect(Math.abs(byScore - rowBadness(index.table, slot))).toBeLessThan(slack);
  index.close();
});
