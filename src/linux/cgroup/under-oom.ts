/**
 * cgroup v1 with its own killer switched off: memory.oom_control (Documentation/admin-guide/cgroup-v1/memory.rst, mm/memcontrol-v1.c),
 *
 *     oom_kill_disable 1\nunder_oom 1\noom_kill 0\n
 *
 * oom_kill_disable 1 with under_oom 1: its tasks sleep in mem_cgroup_oom_synchronize() until somebody makes room. No PSI counts
 * that, and nothing is logged.
 */
import { type CgroupRow, emptyCgroupRow } from '../../core/cgroup-row.ts';
import { ABSENT } from '../../core/units.ts';
import { readText } from '../read-text.ts';
import { childrenOf } from './directory.ts';

/** Looked at in one walk: each is one small file. */
const CGROUPS_MAX = 512;
/** More than these are the same trouble again. */
const ROWS_MAX = 16;

const BYTES_PER_KIB = 1024;

/** Whether it hangs with nobody to kill. Before 4.13 there is no oom_kill line, and nobody needs it. */
export const hangsUnderOom = (oomControl: string): boolean => {
  const lines = oomControl.split('\n');
  return lines.includes('oom_kill_disable 1') && lines.includes('under_oom 1');
};

const textOf = (path: string): Promise<string> =>
  // Gone with its cgroup, or the root, which has fewer files: in neither does anybody hang.
  readText(path).catch(() => '');

const kibOf = async (path: string): Promise<number> => {
  const text = await textOf(path);
  return text === '' ? ABSENT : Math.floor(Number(text) / BYTES_PER_KIB);
};

/**
 * The cgroups below `root` (where the v1 memory hierarchy is mounted) that hang, the topmost of a branch alone: under_oom is
 * counted in all below. Off the loop.
 */
export const findUnderOom = async (root: string): Promise<CgroupRow[]> => {
  const rows: CgroupRow[] = [];
  const waiting = await childrenOf(root, '/');
  for (let looks = 0; waiting.length > 0 && looks < CGROUPS_MAX && rows.length < ROWS_MAX; looks++) {
    const path = waiting.shift() as string;
    if (!hangsUnderOom(await textOf(`${root}${path}/memory.oom_control`))) {
      waiting.push(...(await childrenOf(root, path)));
      continue;
    }
    const currentKiB = await kibOf(`${root}${path}/memory.usage_in_bytes`);
    const maxKiB = await kibOf(`${root}${path}/memory.limit_in_bytes`);
    rows.push({ ...emptyCgroupRow(path), currentKiB, maxKiB, isUnderOom: true });
  }
  return rows;
};
