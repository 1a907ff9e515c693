/** One full look at every process, for the commands. Nothing is kept open; it may take its time, within a deadline. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Policy } from '../../core/policy.ts';
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { applyPolicy } from '../../core/select/policy-match.ts';
import { ABSENT } from '../../core/units.ts';
import { createLane } from '../../linux/index/lane.ts';
import { createMmGroups } from '../../linux/index/mm-groups.ts';
import { createOrigins } from '../../linux/index/origins.ts';
import { emptyPidStat, PF, parsePidStat } from '../../linux/proc/pid-stat.ts';
import { TASK_STATE } from '../../linux/proc/pid-status.ts';
import { REAL_ROOTS } from '../../linux/root.ts';
import * as libc from '../../linux/sys/libc.ts';
import { type Host, openHost } from '../daemon/host.ts';

export interface Survey {
  readonly host: Host;
  readonly table: ProcessTable;
  /** Processes whose /proc/PID/stat did not answer: reading it can wait for ever (kernel-facts 0.5). */
  readonly hung: number;
}

/** Start times that have not come by then are left out. */
const STAT_DEADLINE_MS = 2000;
/** As many as the thread pool has threads. */
const READERS = 4;
const PASS_POLL_MS = 2;

/** Start times, and who is in exit with its memory attached: an mm that was let go of has no size. */
const readStats = async (table: ProcessTable, procRoot: string): Promise<number> => {
  let waiting = 0;
  let row = 0;
  const reader = async (): Promise<void> => {
    const stat = emptyPidStat();
    while (row < table.count) {
      const slot = table.rows[row++] as number;
      waiting++;
      // A process that vanished meanwhile has no start time; that is all there is to tell.
      const content = await readFile(`${procRoot}/${table.pid[slot]}/stat`).catch(() => null);
      waiting--;
      if (content === null || parsePidStat(content, content.length, stat) !== null) continue;
      table.startTimeTicks[slot] = stat.startTimeTicks;
      const isExiting = (stat.flags & PF.EXITING) !== 0 && stat.vsizeBytes > 0 && stat.state !== TASK_STATE.ZOMBIE;
      if (isExiting) table.flags[slot] = (table.flags[slot] as number) | FLAG.EXITING;
    }
  };
  const all = Promise.all(Array.from({ length: READERS }, reader));
  const deadline = new Promise((resolve) => setTimeout(resolve, STAT_DEADLINE_MS).unref());
  await Promise.race([all, deadline]);
  return waiting;
};

/** Who shares an mm with whom, and who is in swapoff or a KSM unmerge: asked off the loop, as the daemon does. */
const askAround = async ({ index, roots, clock }: Host): Promise<number> => {
  const { table, slots } = index;
  const lane = createLane(clock.nowMs);
  const groups = createMmGroups(libc, slots, roots.proc, lane, () => true);
  const origins = createOrigins(table, roots, lane, {
    isSame: (slot, pid) => table.pid[slot] === pid,
    found: (slot) => index.identify(slot),
  });
  let isOver = false;
  const search = async (): Promise<void> => {
    while (!isOver && groups.passes() === 0 && groups.refusal() === 0) {
      groups.next();
      await sleep(PASS_POLL_MS);
    }
  };
  await Promise.race([Promise.all([origins.look(), search()]), sleep(STAT_DEADLINE_MS, undefined, { ref: false })]);
  isOver = true;
  return lane.waitingSinceMs() === ABSENT ? 0 : 1;
};

/** Reads every process of this host and matches it against `policy`. */
export const survey = async (policy: Policy): Promise<Survey> => {
  const host = openHost(REAL_ROOTS, policy);
  const { index } = host;
  const { table } = index;
  while (!index.refresh(Number.POSITIVE_INFINITY));
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    if (((table.flags[slot] as number) & FLAG.GONE) === 0) index.identify(slot);
    applyPolicy(policy.select, table, slot);
  }
  const hung = (await readStats(table, host.roots.proc)) + (await askAround(host));
  return { host, table, hung };
};

/** Ends the command. A thread that hangs in a read would make an ordinary exit wait for it. */
export const endSurvey = ({ host, hung }: Survey, code: number): number => {
  host.index.close();
  if (hung > 0) {
    process.stderr.write(
      `oomwatchd: /proc/PID/stat of ${hung} processes does not answer; their start time is left out\n`,
    );
    libc.exitNow(code);
  }
  return code;
};

/** The slot of a pid, ABSENT when there is no such process. */
export const slotOfPid = (table: ProcessTable, pid: number): number => {
  for (let row = 0; row < table.count; row++)
    if (table.pid[table.rows[row] as number] === pid) return table.rows[row] as number;
  return ABSENT;
};
