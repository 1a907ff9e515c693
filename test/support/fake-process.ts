/** One process of a fake /proc: its numbers, and its files as the kernel prints them. */
import { pidStatText, pidStatusText } from './kernel-text.ts';

export interface FakeProcess {
  pid: number;
  ppid?: number;
  /** Latin-1, one character a byte; not escaped. */
  comm?: string;
  state?: string;
  uid?: number;
  /** Resident memory, all of it anonymous; null: the thread has no memory (kernel thread, zombie). */
  rssKiB?: number | null;
  swapKiB?: number;
  pageTablesKiB?: number;
  threads?: number;
  startTimeTicks?: number;
  /** Task flags of stat. */
  flags?: number;
  oomScore?: number;
  oomScoreAdj?: number;
  /** Path on cgroup v2. */
  cgroup?: string;
  /** Target of the exe link; null: none (kernel thread). */
  exe?: string | null;
  sigkillPending?: boolean;
  /** Threads under task/, by id; the leader's is made from the process itself. */
  tasks?: readonly { tid: number; rssKiB?: number | null; state?: string }[];
}

export type FullProcess = Required<FakeProcess>;

export const withDefaults = (process: FakeProcess): FullProcess => ({
  ppid: 1,
  comm: 'sleep',
  state: 'S',
  uid: 1000,
  rssKiB: 1024,
  swapKiB: 0,
  pageTablesKiB: 48,
  threads: 1,
  startTimeTicks: 1000 + process.pid,
  flags: 0x400000,
  oomScore: 667,
  oomScoreAdj: 0,
  cgroup: '/user.slice/user-1000.slice/session-1.scope',
  exe: process.rssKiB === null ? null : '/usr/bin/sleep',
  sigkillPending: false,
  tasks: [],
  ...process,
});

export const filesOf = (process: FullProcess): { texts: Record<string, string>; exe: string | null } => {
  const pages = Math.floor((process.rssKiB ?? 0) / 4);
  const texts: Record<string, string> = {
    status: pidStatusText(process),
    stat: pidStatText(process),
    statm: `${pages * 2} ${pages} 0 1 0 ${pages} 0\n`,
    comm: `${process.comm}\n`,
    oom_score: `${process.oomScore}\n`,
    oom_score_adj: `${process.oomScoreAdj}\n`,
    cgroup: `0::${process.cgroup}\n`,
  };
  for (const task of [{ tid: process.pid }, ...process.tasks]) {
    texts[`task/${task.tid}/status`] = pidStatusText({ ...process, ...task });
  }
  return { texts, exe: process.exe };
};
