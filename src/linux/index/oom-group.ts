/**
 * memory.oom.group of cgroup v2 (4.19): 1, and the kernel kills all processes of the cgroup and below with any of them, but
 * for those at oom_score_adj -1000. The highest one at or above the victim's cgroup counts, up to that which is out of
 * memory; for a global OOM that is the root, which has no such file (mm/memcontrol.c, mem_cgroup_get_oom_group()).
 *
 * memory.oom.group and cgroup.procs are read in calm times only.
 */
import { readdirSync } from 'node:fs';
import type { IndexIo } from './slots.ts';

export interface OomGroups {
  /** The cgroup that is killed as a whole when a process of `cgroup` is; "" when none is. */
  of(cgroup: string, nowMs: number): string;
  /** Adds the pids in this one cgroup, without those below it. */
  pids(cgroup: string, into: number[]): void;
  /** Adds the cgroups right below. */
  below(cgroup: string, into: string[]): void;
}

/** An answer may be so old: as old as the cgroup of a process in the table may be. */
const VALID_MS = 10_000;
/** Cgroups whose answer is kept: those of 64 candidates and their parents are some hundred. */
const KEPT_MAX = 1024;

const buffer = new Uint8Array(4096);
const decoder = new TextDecoder('latin1');

/** `root`: where cgroup2 is mounted. Without its memory controller (v1, hybrid) there is no group, as in the kernel. */
export const createOomGroups = (io: Pick<IndexIo, 'openReadOnly' | 'preadAt0' | 'close'>, root: string): OomGroups => {
  const kept = new Map<string, { readonly isGroup: boolean; readonly readMs: number }>();
  const read = (path: string): string => {
    const fd = io.openReadOnly(path);
    if (fd < 0) return '';
    const length = io.preadAt0(fd, buffer, buffer.length);
    io.close(fd);
    return length > 0 ? decoder.decode(buffer.subarray(0, length)) : '';
  };
  const isGroup = (cgroup: string, nowMs: number): boolean => {
    const known = kept.get(cgroup);
    if (known !== undefined && nowMs - known.readMs < VALID_MS) return known.isGroup;
    if (kept.size >= KEPT_MAX) kept.clear();
    const found = read(`${root}${cgroup}/memory.oom.group`) === '1\n';
    kept.set(cgroup, { isGroup: found, readMs: nowMs });
    return found;
  };
  return {
    of: (cgroup, nowMs) => {
      // "/..": of another cgroup namespace, seen from here by no path.
      if (!cgroup.startsWith('/') || cgroup.startsWith('/..')) return '';
      for (let end = cgroup.indexOf('/', 1); end > 0; end = cgroup.indexOf('/', end + 1)) {
        const above = cgroup.slice(0, end);
        if (isGroup(above, nowMs)) return above;
      }
      return cgroup !== '/' && isGroup(cgroup, nowMs) ? cgroup : '';
    },
    pids: (cgroup, into) => {
      // One read gives about a page of it, 500 pids: more than are looked at.
      const text = read(`${root}${cgroup}/cgroup.procs`);
      for (const line of text.slice(0, text.lastIndexOf('\n')).split('\n')) if (line !== '') into.push(Number(line));
    },
    below: (cgroup, into) => {
      try {
        for (const entry of readdirSync(`${root}${cgroup}`, { withFileTypes: true })) {
          if (entry.isDirectory()) into.push(`${cgroup}/${entry.name}`);
        }
      } catch {
        // Removed meanwhile: nobody is in it.
      }
    },
  };
};
