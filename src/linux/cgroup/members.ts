/** The processes of a cgroup and of all below it: cgroup.procs, read off the loop. */
import { readdir } from 'node:fs/promises';
import { readText } from '../read-text.ts';

/** As many as are looked at of any group (linux/index/oom-members.ts): a pod has tens of processes in a few cgroups. */
const CGROUPS_MAX = 64;
const PROCESSES_MAX = 256;

export interface Members {
  readonly pids: readonly number[];
  /** false: there are more. */
  readonly isWhole: boolean;
}

/** `directory`: of the cgroup. What has gone meanwhile has no members. */
export const listMembers = async (directory: string): Promise<Members> => {
  const pids: number[] = [];
  const waiting = [directory];
  let cgroups = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (cgroups++ === CGROUPS_MAX) return { pids: pids.slice(0, PROCESSES_MAX), isWhole: false };
    // A threaded cgroup answers EOPNOTSUPP; its processes are those of the domain above it.
    const text = await readText(`${next}/cgroup.procs`).catch(() => '');
    // 0: a process of another pid namespace.
    pids.push(
      ...text
        .split('\n')
        .map(Number)
        .filter((pid) => pid > 0),
    );
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) waiting.push(`${next}/${entry.name}`);
  }
  return { pids: pids.slice(0, PROCESSES_MAX), isWhole: pids.length <= PROCESSES_MAX };
};
