import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clearSlot, createProcessTable, FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createStartTimes, type StartTimes } from '../../../src/linux/index/start-time.ts';
import { until } from '../../report/pipe.ts';
import { pidStatText } from '../../support/kernel-text.ts';

let folder: string;
let table: ProcessTable;
let nowMs: number;
let isSame: (slot: number, pid: number) => boolean;
let asked: number[];
let times: StartTimes;

const stat = (pid: number, startTimeTicks: number): string =>
  pidStatText({ pid, comm: 'a) R 1 1', state: 'S', ppid: 1, flags: 0, threads: 1, startTimeTicks, rssKiB: 4 });
const enter = (pid: number, text: string | null, flags: number = FLAG.ARMED): void => {
  const slot = table.count;
  clearSlot(table, slot, pid);
  table.flags[slot] = flags;
  table.rows[table.count++] = slot;
  mkdirSync(join(folder, String(pid)));
  if (text !== null) writeFileSync(join(folder, `${pid}/stat`), text, 'latin1');
};
const answered = () => until(() => times.waitingSinceMs() === ABSENT);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-stat-'));
  table = createProcessTable(8);
  nowMs = 5000;
  asked = [];
  isSame = () => true;
  times = createStartTimes(
    table,
    folder,
    () => nowMs,
    (slot, pid) => {
      asked.push(pid);
      return isSame(slot, pid);
    },
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('reads one start time at a time, of armed processes only', async () => {
  enter(10, stat(10, 111), 0);
  enter(11, stat(11, 222));
  enter(12, stat(12, 333));
  times.next();
  expect(times.waitingSinceMs()).toBe(5000);
  times.next();
  await answered();
  expect([...table.startTimeTicks.subarray(0, 3)]).toEqual([ABSENT, 222, ABSENT]);
  times.next();
  await answered();
  expect([...table.startTimeTicks.subarray(0, 3)]).toEqual([ABSENT, 222, 333]);
  times.next();
  expect(times.waitingSinceMs()).toBe(ABSENT);
  expect(asked).toEqual([11, 12]);
});

it('is as /proc says for this process', async () => {
  clearSlot(table, 0, process.pid);
  table.flags[0] = FLAG.ARMED;
  table.rows[table.count++] = 0;
  const real = createStartTimes(
    table,
    '/proc',
    () => nowMs,
    () => true,
  );
  real.next();
  await until(() => real.waitingSinceMs() === ABSENT);
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  expect(table.startTimeTicks[0]).toBe(Number(fields[22 - 3]));
});

it('drops an answer that came when the kept descriptor did not answer any more', async () => {
  enter(10, stat(10, 111));
  isSame = () => false;
  times.next();
  await answered();
  expect(asked).toEqual([10]);
  expect(table.startTimeTicks[0]).toBe(ABSENT);
});

it('drops an answer for a slot that has another process by then', async () => {
  enter(10, stat(10, 111));
  times.next();
  clearSlot(table, 0, 99);
  await answered();
  expect(asked).toEqual([]);
  expect(table.startTimeTicks[0]).toBe(ABSENT);
});

it.each([
  ['no file', null],
  ['an empty one', ''],
  ['one that is cut off', stat(10, 111).slice(0, 60)],
  ['garbage', 'x\n'],
])('%s leaves it unknown', async (_, text) => {
  enter(10, text);
  times.next();
  await answered();
  expect(table.startTimeTicks[0]).toBe(ABSENT);
});

it('a process whose stat cannot be read does not keep the others from theirs', async () => {
  enter(10, null);
  enter(11, stat(11, 222));
  for (let turn = 0; turn < 3; turn++) {
    times.next();
    await answered();
  }
  expect(table.startTimeTicks[1]).toBe(222);
  // And it is asked for again, in case it can be read now.
  writeFileSync(join(folder, '10/stat'), stat(10, 111), 'latin1');
  times.next();
  await answered();
  expect(table.startTimeTicks[0]).toBe(111);
});

it('a read that never answers blocks nothing: not next, and not the loop', async () => {
  enter(10, null);
  enter(11, stat(11, 222));
  const fifo = join(folder, '10/stat');
  execFileSync('mkfifo', [fifo]);
  const before = performance.now();
  times.next();
  for (let turn = 0; turn < 100; turn++) {
    nowMs += 5000;
    times.next();
  }
  expect(performance.now() - before).toBeLessThan(1000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(times.waitingSinceMs()).toBe(5000);
  // One thread of the pool waits, the others work.
  expect(readFileSync(join(folder, '11/stat'), 'latin1')).toBe(stat(11, 222));
  // A writer comes at last and leaves: the file ends, and the next one has its turn.
  closeSync(openSync(fifo, 'w'));
  await answered();
  expect(table.startTimeTicks[0]).toBe(ABSENT);
  rmSync(fifo);
  times.next();
  await answered();
  times.next();
  await answered();
  expect(table.startTimeTicks[1]).toBe(222);
});
