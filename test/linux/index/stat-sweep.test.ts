import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearSlot, createProcessTable, FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createLane, type Lane } from '../../../src/linux/index/lane.ts';
import { createStatSweep, type StatSweep } from '../../../src/linux/index/stat-sweep.ts';
import { until } from '../../report/pipe.ts';
import { pidStatText, type StatNumbers } from '../../support/kernel-text.ts';

let folder: string;
let table: ProcessTable;
let nowMs: number;
let isSame: (slot: number, pid: number) => boolean;
let asked: number[];
let lane: Lane;
let times: StatSweep;

const stat = (pid: number, startTimeTicks: number, changes: Partial<StatNumbers> = {}): string =>
  pidStatText({
    ...{ pid, comm: 'a) R 1 1', state: 'S', ppid: 1, flags: 0, threads: 1, startTimeTicks, rssKiB: 4 },
    ...changes,
  });
const enter = (pid: number, text: string | null, flags: number = FLAG.ARMED): void => {
  const slot = table.count;
  clearSlot(table, slot, pid);
  table.flags[slot] = flags;
  table.rows[table.count++] = slot;
  mkdirSync(join(folder, String(pid)));
  if (text !== null) writeFileSync(join(folder, `${pid}/stat`), text, 'latin1');
};
const answered = () => until(() => lane.waitingSinceMs() === ABSENT);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-stat-'));
  table = createProcessTable(8);
  nowMs = 5000;
  asked = [];
  isSame = () => true;
  lane = createLane(() => nowMs);
  times = createStatSweep(table, folder, lane, (slot, pid) => {
    asked.push(pid);
    return isSame(slot, pid);
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('reads one start time at a time, of armed processes only', async () => {
  enter(10, stat(10, 111), 0);
  enter(11, stat(11, 222));
  enter(12, stat(12, 333));
  times.next();
  expect(lane.waitingSinceMs()).toBe(5000);
  times.next();
  await answered();
  expect([...table.startTimeTicks.subarray(0, 3)]).toEqual([ABSENT, 222, ABSENT]);
  times.next();
  await answered();
  expect([...table.startTimeTicks.subarray(0, 3)]).toEqual([ABSENT, 222, 333]);
  times.next();
  expect(lane.waitingSinceMs()).toBe(ABSENT);
  expect(asked).toEqual([11, 12]);
});

it('is as /proc says for this process', async () => {
  clearSlot(table, 0, process.pid);
  table.flags[0] = FLAG.ARMED;
  table.rows[table.count++] = 0;
  const real = createStatSweep(table, '/proc', lane, () => true);
  real.next();
  await answered();
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
  expect(lane.waitingSinceMs()).toBe(5000);
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

describe('exits', () => {
  // As seen on 6.1: in exit with its memory, and the zombie leader of one that was killed (kernel-facts 4.2).
  const WITH_MEMORY = stat(10, 111, { flags: 0x40040c, state: 'D' });
  const isExiting = (slot = 0): boolean => ((table.flags[slot] as number) & FLAG.EXITING) !== 0;
  const sweep = async (): Promise<void> => {
    times.lookForExits();
    await answered();
  };

  it.each([
    ['in exit with its memory', WITH_MEMORY, true],
    ['a zombie', stat(10, 111, { flags: 0x40840c, state: 'Z' }), false],
    ['in exit without its memory', stat(10, 111, { flags: 0x40040c, state: 'D', rssKiB: null }), false],
    ['not in exit', stat(10, 111, { flags: 0x400400 }), false],
  ])('%s', async (_, text, expected) => {
    enter(10, text);
    await sweep();
    expect(isExiting()).toBe(expected);
    expect(table.startTimeTicks[0]).toBe(111);
  });

  it('are looked for once among all armed processes, one read at a time', async () => {
    for (const pid of [10, 11, 12]) enter(pid, stat(pid, pid, { flags: 0x40040c }));
    enter(13, stat(13, 13, { flags: 0x40040c }), 0);
    await sweep();
    expect([0, 1, 2, 3].map(isExiting)).toEqual([true, true, true, false]);
    expect(asked).toEqual([10, 11, 12]);
    await sweep();
    expect(asked).toHaveLength(6);
  });

  it('that have been seen are looked at again in calm times too, until they are none', async () => {
    enter(10, WITH_MEMORY);
    await sweep();
    writeFileSync(join(folder, '10/stat'), stat(10, 111, { flags: 0x40040c, rssKiB: null }), 'latin1');
    // No candidate any more, so it was let go.
    table.flags[0] = FLAG.EXITING;
    times.next();
    await answered();
    expect(isExiting()).toBe(false);
    times.next();
    expect(lane.waitingSinceMs()).toBe(ABSENT);
  });

  it('of a process that is another one by now are not marked', async () => {
    enter(10, WITH_MEMORY);
    isSame = () => false;
    await sweep();
    expect(isExiting()).toBe(false);
  });

  it('are found behind one whose stat hangs, once that ends', async () => {
    enter(10, null);
    enter(11, stat(11, 11, { flags: 0x40040c }));
    const fifo = join(folder, '10/stat');
    execFileSync('mkfifo', [fifo]);
    times.lookForExits();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isExiting(1)).toBe(false);
    closeSync(openSync(fifo, 'w'));
    await answered();
    expect(isExiting(1)).toBe(true);
  });
});
