/** Whom a process has forked: the kernel's list of children, and those that are made known through it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../src/core/process-table.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { parseChildren, readChildren } from '../../../src/linux/index/children.ts';
import { descend } from '../../../src/linux/index/descend.ts';
import { createSlots, takeSlot } from '../../../src/linux/index/slots.ts';
import * as libc from '../../../src/linux/sys/libc.ts';

const parsed = (text: string): number[] => {
  const pids: number[] = [];
  parseChildren(Buffer.from(text), text.length, pids);
  return pids;
};

describe('/proc/PID/task/TID/children', () => {
  it.each([
    ['12 345 6 ', [12, 345, 6]],
    ['12', [12]],
    ['', []],
    ['0 x -4 7', [7]],
  ] as [string, number[]][])('%j', (text, pids) => expect(parsed(text)).toEqual(pids));

  it('gives nothing but positive numbers, whatever is in it', () => {
    fc.assert(fc.property(fc.string(), (text) => parsed(text).every((pid) => Number.isSafeInteger(pid) && pid > 0)));
  });

  it('names the child of a shell, and nobody of who has gone', async () => {
    const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; wait']);
    const [said] = (await once(shell.stdout, 'data')) as [Buffer];
    const pids: number[] = [];
    readChildren(libc, '/proc', shell.pid as number, pids);
    expect(pids).toEqual([Number(said)]);
    process.kill(Number(said), 'SIGKILL');
    await once(shell, 'exit');
    const none: number[] = [];
    readChildren(libc, '/proc', shell.pid as number, none);
    expect(none).toEqual([]);
  });
});

describe('a descent', () => {
  const TREE: Record<number, string> = { 10: '11 12 ', 11: '13 ', 13: '14 ' };
  const io = {
    ...libc,
    openDirectory: (path: string) => Number(/(\d+)\/task$/.exec(path)?.[1]),
    getdents64: (fd: number, buffer: Uint8Array) => {
      const name = `${fd}\0`;
      buffer.fill(0, 0, 32);
      new DataView(buffer.buffer, buffer.byteOffset).setUint16(16, 32, true);
      buffer.set(Buffer.from(name), 19);
      return 32;
    },
    openReadOnly: (path: string) => Number(/(\d+)\/children$/.exec(path)?.[1]),
    preadAt0: (fd: number, buffer: Uint8Array) => Buffer.from(TREE[fd] ?? '').copy(buffer),
    close: () => 0,
  };
  const run = (budgetMs = 100, identified: number[] = []) => {
    const slots = createSlots(8);
    const known: number[] = [];
    let nowMs = 1000;
    for (const pid of identified) {
      const slot = takeSlot(slots, pid, ABSENT);
      slots.table.flags[slot] = FLAG.IDENTIFIED;
      slots.identities[slot] = 2;
    }
    const know = (pid: number): number => {
      known.push(pid);
      nowMs += 10;
      return pid === 12 ? ABSENT : pid;
    };
    descend({ io, slots, procRoot: '/proc', know, nowMs: () => nowMs }, [10], budgetMs);
    return known;
  };

  it('makes known the process, its children and theirs, and nobody below', () => {
    expect(run()).toEqual([10, 11, 12, 13]);
  });

  it('stops when its time is up', () => {
    expect(run(15)).toEqual([10, 11]);
  });

  it('does not look again at who is known, but goes on below', () => {
    expect(run(100, [10, 11])).toEqual([12, 13]);
  });
});
