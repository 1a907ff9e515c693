import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearSlot, createProcessTable, FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createLane, type Lane } from '../../../src/linux/index/lane.ts';
import { isSwapoffUnderWay, isUnmergeUnderWay, whereabouts } from '../../../src/linux/index/origin-proof.ts';
import { createOrigins, type Origins } from '../../../src/linux/index/origins.ts';
import { until } from '../../report/pipe.ts';

const [SWAPOFF, WRITE] = process.arch === 'x64' ? [168, 1] : [225, 64];
const HEADING = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
const SWAPS = `${HEADING}/dev/vdb                                partition\t1000000\t\t900000\t\t-2\n`;
const meminfo = (swapTotalKiB: number): string =>
  `MemTotal:  2000 kB\nSwapTotal:  ${swapTotalKiB} kB\nSwapFree:   0 kB\n`;
const inCall = (number: number): string => `${number} 0x0 0x7ffe 0x0 0x0 0x0 0x0 0x7ffe10 0x7f0010\n`;
const UNMERGING =
  '[<0>] unmerge_and_remove_all_rmap_items+0x1a2/0x2f0\n[<0>] run_store+0x158/0x2d0\n[<0>] ksys_write+0x6a/0xf0\n';

describe('a swapoff is under way', () => {
  it.each([
    ['when SwapTotal has less than the areas', SWAPS, meminfo(900_000), true],
    ['not when it has all of them', SWAPS, meminfo(1_000_000), false],
    ['not without swap', HEADING, meminfo(0), false],
    ['not when the list cannot be read', '', meminfo(0), false],
    ['not when meminfo cannot be read', SWAPS, '', false],
  ])('%s', (_, swaps, memory, expected) => expect(isSwapoffUnderWay(swaps, memory)).toBe(expected));

  it('not on this host', () => {
    const read = (name: string): string => readFileSync(`/proc/${name}`, 'latin1');
    expect(isSwapoffUnderWay(read('swaps'), read('meminfo'))).toBe(false);
  });
});

it.each([
  ['2\n', '17\n', true],
  ['2\n', '0\n', false],
  ['1\n', '17\n', false],
  ['', '', false],
])('a KSM unmerge with run %j and pages_shared %j', (run, shared, expected) =>
  expect(isUnmergeUnderWay(run, shared)).toBe(expected),
);

describe('where a task is', () => {
  it.each([
    [inCall(SWAPOFF), 'swapoff'],
    [inCall(WRITE), 'write'],
    [inCall(3), 'elsewhere'],
    ['running\n', 'running'],
    ['-1 0x7ffe10 0x7f0010\n', 'elsewhere'],
    ['', 'elsewhere'],
  ])('%j', (text, expected) => expect(whereabouts(text)).toBe(expected));

  it('is as this kernel prints it, for a process that waits in write(2)', async () => {
    // Nobody reads: it stops when the pipe is full.
    const child = spawn('yes', { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.pause();
    try {
      await until(() => whereabouts(readFileSync(`/proc/${child.pid}/syscall`, 'latin1')) === 'write');
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});

describe('origins', () => {
  let top: string;
  let table: ProcessTable;
  let lane: Lane;
  let found: number[];
  let isSame: boolean;
  let origins: Origins;
  const file = (path: string, text: string): void => {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  };
  const enter = (pid: number, syscall: string, comm = 'sh', flags: number = FLAG.IDENTIFIED): void => {
    const slot = table.count;
    clearSlot(table, slot, pid);
    table.flags[slot] = flags;
    table.rows[table.count++] = slot;
    file(`proc/${pid}/syscall`, syscall);
    file(`proc/${pid}/comm`, `${comm}\n`);
  };
  const marked = (): number[] =>
    [...table.rows.subarray(0, table.count)]
      .filter((slot) => ((table.flags[slot] as number) & FLAG.ORIGIN) !== 0)
      .map((slot) => table.pid[slot] as number);
  const look = async (): Promise<void> => {
    void origins.look();
    // Between two reads the lane is empty for a moment: it has to stay so.
    let quiet = 0;
    await until(() => {
      quiet = lane.waitingSinceMs() === ABSENT ? quiet + 1 : 0;
      return quiet > 2;
    });
  };
  const swapoff = (isOn: boolean): void => file('proc/meminfo', meminfo(isOn ? 900_000 : 1_000_000));
  const unmerge = (isOn: boolean): void => {
    file('sys/kernel/mm/ksm/run', '2\n');
    file('sys/kernel/mm/ksm/pages_shared', isOn ? '400\n' : '0\n');
  };

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'oomwatchd-origin-'));
    table = createProcessTable(2048);
    lane = createLane(() => 0);
    found = [];
    isSame = true;
    file('proc/swaps', SWAPS);
    swapoff(true);
    origins = createOrigins(table, { proc: join(top, 'proc'), sys: join(top, 'sys') }, lane, {
      isSame: () => isSame,
      found: (slot) => found.push(table.pid[slot] as number),
    });
  });
  afterEach(() => rmSync(top, { recursive: true }));

  it('is who is in swapoff(2), whatever it is called, and to be identified once', async () => {
    enter(10, inCall(3));
    enter(11, inCall(SWAPOFF), 'systemd-shutdow', 0);
    enter(12, inCall(SWAPOFF), 'kworker', FLAG.KTHREAD);
    await look();
    await look();
    expect(marked()).toEqual([11]);
    expect(found).toEqual([11]);
  });

  it('is one that runs when it is called swapoff, and stays one while it runs', async () => {
    enter(10, 'running\n', 'swapoff');
    enter(11, 'running\n', 'hog');
    enter(12, inCall(3), 'swapoff');
    await look();
    expect(marked()).toEqual([10]);
    file('proc/10/comm', 'renamed\n');
    await look();
    expect(marked()).toEqual([10]);
  });

  it('is nobody by its name alone, while no swapoff is under way', async () => {
    swapoff(false);
    enter(10, 'running\n', 'swapoff');
    enter(11, inCall(SWAPOFF));
    await look();
    expect(marked()).toEqual([]);
  });

  it.each([
    ['it is somewhere else', () => file('proc/10/syscall', inCall(3))],
    ['the swapoff is over', () => swapoff(false)],
  ])('is one no more when %s', async (_, change) => {
    enter(10, inCall(SWAPOFF));
    await look();
    expect(marked()).toEqual([10]);
    change();
    await look();
    expect(marked()).toEqual([]);
  });

  it('is who unmerges KSM pages by its stack, and nobody else who writes', async () => {
    swapoff(false);
    unmerge(true);
    for (const pid of [10, 11, 12]) enter(pid, inCall(WRITE));
    file('proc/11/stack', UNMERGING);
    file('proc/12/stack', '[<0>] pipe_write+0x10/0x20\n');
    enter(13, inCall(3));
    file('proc/13/stack', UNMERGING);
    await look();
    expect(marked()).toEqual([11]);
    unmerge(false);
    await look();
    expect(marked()).toEqual([]);
  });

  it('is who has the file open that starts an unmerge, where stacks may not be seen or it is on a CPU', async () => {
    swapoff(false);
    unmerge(true);
    const opens = (pid: number, target: string): void => {
      mkdirSync(join(top, `proc/${pid}/fd`), { recursive: true });
      symlinkSync('/dev/null', join(top, `proc/${pid}/fd/0`));
      symlinkSync(target, join(top, `proc/${pid}/fd/1`));
    };
    const run = join(top, 'sys/kernel/mm/ksm/run');
    enter(10, inCall(WRITE));
    opens(10, '/dev/null');
    enter(11, inCall(WRITE));
    opens(11, run);
    enter(12, inCall(3));
    opens(12, run);
    enter(13, 'running\n');
    file('proc/13/stack', '[<0>] preempt_schedule_common\n');
    opens(13, run);
    enter(14, inCall(WRITE));
    file('proc/14/stack', '[<0>] pipe_write+0x10/0x20\n');
    opens(14, run);
    await look();
    expect(marked()).toEqual([11, 13]);
  });

  it('is not who has the pid of one by now', async () => {
    enter(10, inCall(SWAPOFF));
    isSame = false;
    await look();
    expect(marked()).toEqual([]);
    expect(found).toEqual([]);
  });

  it('is found among many, some at a time', async () => {
    for (let pid = 100; pid < 700; pid++) enter(pid, inCall(3));
    enter(700, inCall(SWAPOFF));
    await look();
    expect(marked()).toEqual([]);
    await look();
    expect(marked()).toEqual([700]);
  });
});
