/** A cgroup v2 tree in a temporary directory: `tree.set('/a/b', { current: 40 * MIB })`, sizes in KiB. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Tree } from '../../../src/linux/cgroup/directory.ts';
import type { CgroupIo } from '../../../src/linux/cgroup/entry.ts';
import * as libc from '../../../src/linux/sys/libc.ts';

export interface FakeCgroup {
  current?: number;
  high?: number | 'max';
  max?: number | 'max';
  /** null: no such file, as before 5.2. */
  local?: Record<string, number> | null;
  events?: Record<string, number>;
  /** Microseconds; null: a kernel without PSI. */
  pressure?: { some: number; full: number } | null;
  /** workingset_restore_file of memory.stat. */
  restores?: number;
  procs?: readonly number[];
}

const DEFAULTS = {
  current: 0,
  high: 'max',
  max: 'max',
  local: {},
  events: {},
  pressure: { some: 0, full: 0 },
  restores: 0,
  procs: [],
} as const satisfies FakeCgroup;

const bytesOf = (kib: number | 'max'): string => (kib === 'max' ? 'max\n' : `${kib * 1024}\n`);
const eventsOf = (counts: Record<string, number>): string =>
  Object.entries({ low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, ...counts })
    .map(([key, value]) => `${key} ${value}\n`)
    .join('');
const line = (kind: string, us: number): string => `${kind} avg10=0.00 avg60=0.00 avg300=0.00 total=${us}\n`;

export const fakeTree = () => {
  const root = mkdtempSync(join(tmpdir(), 'cgroup-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const known = new Map<string, FakeCgroup>();
  return {
    root,
    /** Makes the cgroup, or changes some of its files in place. */
    set: (path: string, changes: FakeCgroup): void => {
      const cgroup = { ...DEFAULTS, ...known.get(path), ...changes };
      known.set(path, cgroup);
      const directory = `${root}${path}`;
      mkdirSync(directory, { recursive: true });
      const write = (name: string, text: string): void => writeFileSync(`${directory}/${name}`, text);
      write('memory.current', bytesOf(cgroup.current));
      write('memory.high', bytesOf(cgroup.high));
      write('memory.max', bytesOf(cgroup.max));
      write('memory.swap.current', bytesOf(0));
      write('memory.events', eventsOf(cgroup.events));
      if (cgroup.local !== null) write('memory.events.local', eventsOf(cgroup.local));
      const { pressure } = cgroup;
      if (pressure !== null) write('memory.pressure', line('some', pressure.some) + line('full', pressure.full));
      write(
        'memory.stat',
        `anon 4096\nworkingset_restore_anon 0\nworkingset_restore_file ${cgroup.restores}\npgfault 9\n`,
      );
      write('cgroup.procs', cgroup.procs.map((pid) => `${pid}\n`).join(''));
    },
    /** A cgroup without memory controller: only what every cgroup has. */
    bare: (path: string): void => {
      mkdirSync(`${root}${path}`, { recursive: true });
      writeFileSync(`${root}${path}/cgroup.procs`, '');
    },
    remove: (path: string): void => {
      known.delete(path);
      rmSync(`${root}${path}`, { recursive: true });
    },
  };
};

/** What a walk through it is given. */
export const treeOf = (
  root: string,
  capacity: number,
  io: CgroupIo = libc,
  isNamed: (path: string) => boolean = () => false,
): Tree => ({ io, root, capacity, isNamed });
