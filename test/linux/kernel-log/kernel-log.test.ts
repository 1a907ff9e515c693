/** Both sources together, and the process of a thread that a record names: threads of this very process. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import { openKernelLog } from '../../../src/linux/kernel-log/kernel-log.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { recordOf } from './records.ts';

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-kernel-log-'));
afterAll(() => rmSync(folder, { recursive: true }));
const roots = { proc: '/proc', sys: folder, kmsg: join(folder, 'kmsg') };

/** A kernel log on a plain file, of which each read(2) gives one of these records. */
const openOn = (records: readonly Buffer[]) => {
  writeFileSync(roots.kmsg, '');
  const queue = [...records];
  const opened: string[] = [];
  const io = {
    ...libc,
    openReadOnly: (path: string): number => {
      opened.push(path);
      return libc.openReadOnly(path);
    },
    readNext: (_: number, buffer: Uint8Array): number => {
      const record = queue.shift();
      if (record === undefined) return -11;
      buffer.set(record);
      return record.length;
    },
  };
  return { log: openKernelLog(io, roots, process.pid, () => 0), opened };
};
const read = (log: { read(into: KernelEvent[]): void }): KernelEvent[] => {
  const events: KernelEvent[] = [{ kind: 'group_kill', memcg: '/before', timeUs: 0, source: 'kmsg' }];
  log.read(events);
  return events.slice(1);
};

it('a thread stands for its process, and what has gone keeps its number', () => {
  const thread = readdirSync('/proc/self/task')
    .map(Number)
    .find((tid) => tid !== process.pid) as number;
  const gone = 4_194_303;
  const { log, opened } = openOn([
    recordOf(`oom_reaper: unable to reap pid:${thread} (a)`, { sequence: 1 }),
    recordOf(`oom_reaper: unable to reap pid:${gone} (b)`, { sequence: 2 }),
    recordOf(`oom killer ${thread} (a) has mm pinned by ${thread} (a)`, { sequence: 3 }),
    recordOf('Out of memory and no killable processes...', { sequence: 4 }),
  ]);
  expect(thread).toBeGreaterThan(0);
  expect(read(log)).toMatchObject([
    { kind: 'unable_to_reap', pid: process.pid, comm: 'a' },
    { kind: 'unable_to_reap', pid: gone, comm: 'b' },
    { kind: 'pinned', pid: process.pid, byPid: process.pid },
    { kind: 'note' },
  ]);
  expect(opened).toHaveLength(4);
  log.close();
});

it('/proc is asked for a bounded number of them', () => {
  const records = Array.from({ length: 500 }, (_, at) =>
    recordOf(`oom_reaper: unable to reap pid:${process.pid} (a)`, { sequence: at }),
  );
  const { log, opened } = openOn(records);
  expect(read(log)).toHaveLength(500);
  expect(opened.length).toBeLessThan(100);
  log.close();
});

it('says of each source whether it is read, and gives its descriptors back', () => {
  const before = readdirSync('/proc/self/fd').length;
  const { log } = openOn([]);
  expect(log.sources).toEqual([
    { name: 'kernel_log', isUp: true, detail: '' },
    { name: 'oom_trace', isUp: false, detail: expect.stringContaining('mount -t tracefs') },
  ]);
  log.close();
  const none = openKernelLog(libc, { ...roots, kmsg: join(folder, 'none') }, process.pid, () => 0);
  expect(none.sources[0]).toEqual({ name: 'kernel_log', isUp: false, detail: `${join(folder, 'none')}: ENOENT` });
  expect(read(none)).toEqual([]);
  none.close();
  expect(readdirSync('/proc/self/fd')).toHaveLength(before);
});
