/**
 * One report of the OOM killer as of 6.1, read for nothing: V8 compiles a regular expression when it is first used, and the
 * first report comes when there is no memory for that.
 */
import { emptyKmsgRecord } from './kmsg-record.ts';
import { createOomReport } from './oom-report.ts';

/** One of each kind, and one that no shape fits, which tries them all. */
const TEXTS = [
  'x invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0',
  'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=x,pid=2,uid=0',
  'Out of memory: Killed process 2 (x) total-vm:4kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0',
  'oom_reaper: reaped process 2 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB',
  'Out of memory: something new \\x0a',
];

export const rehearseTexts = (): void => {
  const report = createOomReport();
  for (const text of TEXTS) report.take({ ...emptyKmsgRecord(), facility: 0, sequence: 1, timeUs: 1 }, text, []);
  report.settle([]);
};
