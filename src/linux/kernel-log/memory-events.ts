/**
 * Which cgroup the kernel killed in: `oom_kill` of memory.events (Documentation/admin-guide/cgroup-v2.rst), which counts
 * the processes of a cgroup and of all below it that any OOM killer of the kernel has killed. The root has no such file, so
 * the cgroups right below it are read. Asked when /proc/vmstat counted a kill of which no record told.
 */
import { readdir } from 'node:fs/promises';
import { readText } from '../read-text.ts';

export interface MemoryEvents {
  /** Where the counter has risen since the last call, as "system.slice +2, user.slice +1"; "" when nowhere. */
  risen(): Promise<string>;
}

/** More of them are not told apart: a host has three to twenty. */
const CGROUPS_MAX = 64;

const oomKillOf = (text: string): number => {
  const digits = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return digits === undefined ? 0 : Number(digits);
};

/** `root`: where cgroup2 is mounted, "" where it is not. A cgroup that vanished meanwhile, or has no memory controller, counts nothing. */
export const createMemoryEvents = (root: string): MemoryEvents => {
  let last: ReadonlyMap<string, number> | null = null;

  const read = async (): Promise<Map<string, number>> => {
    const counts = new Map<string, number>();
    const entries = root === '' ? [] : await readdir(root, { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    for (const name of names.slice(0, CGROUPS_MAX)) {
      const text = await readText(`${root}/${name}/memory.events`).catch(() => '');
      counts.set(name, oomKillOf(text));
    }
    return counts;
  };

  return {
    risen: async () => {
      const before = last;
      const now = await read();
      last = now;
      if (before === null) return '';
      const rises: string[] = [];
      for (const [name, count] of now) {
        const by = count - (before.get(name) ?? 0);
        if (by > 0) rises.push(`${name} +${by}`);
      }
      return rises.join(', ');
    },
  };
};
