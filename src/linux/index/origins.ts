/**
 * Finds the tasks in swapoff(2) or in a KSM unmerge. Such a task is small, so nobody would ever look at it: only when the
 * system's own numbers show that one is under way are processes asked where they are, by /proc/PID/syscall, whatever they
 * are called. A task on a CPU shows "running" there; that one counts when it is called swapoff as well. A process that
 * has taken the name harms none but itself, and only while somebody's swapoff is under way.
 *
 * The stack needs CAP_SYS_ADMIN, which the daemon need not have. syscall, stack and links of descriptors can wait for
 * exec_update_lock for ever (kernel-facts 4.4), so all is read on the lane.
 */
import { readdir, readlink } from 'node:fs/promises';
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { readText } from '../read-text.ts';
import type { Lane } from './lane.ts';
import { isSwapoffUnderWay, isUnmergeUnderWay, isUnmerging, whereabouts } from './origin-proof.ts';

export interface Origins {
  /** Looks once: now and then in calm times, each second or so while a shortage approaches. */
  look(): Promise<void>;
}

export interface OriginHooks {
  /** Whether the slot's kept descriptor still answers, and is of this pid. */
  isSame(slot: number, pid: number): boolean;
  /** A slot is an origin from now on: it must be identified, or policy does not know whether it is protected. */
  found(slot: number): void;
}

/** Processes asked in one look, 50 microseconds of the loop each; the next look goes on behind them. */
const ASKED_MAX = 512;
/** Descriptors looked at of one process: the shell that redirects to the file has it as its first. */
const FDS_MAX = 64;
const NOT_ASKED = FLAG.KTHREAD | FLAG.GONE | FLAG.NO_MM;

export const createOrigins = (
  table: ProcessTable,
  roots: { readonly proc: string; readonly sys: string },
  lane: Lane,
  hooks: OriginHooks,
): Origins => {
  let isLooking = false;
  let cursor = 0;

  /** What `call` gives, or `without` when it fails: what cannot be read proves nothing. */
  const inLane = <T>(call: () => Promise<T>, without: T): Promise<T> =>
    new Promise((resolve) =>
      lane.run((ended) => {
        void call()
          .catch(() => without)
          .then((answer) => {
            ended();
            resolve(answer);
          });
      }),
    );
  const textOf = (path: string): Promise<string> => inLane(() => readText(path), '');
  const holdsOpen = async (base: string, file: string): Promise<boolean> => {
    const fds = await inLane(() => readdir(`${base}/fd`), []);
    for (const fd of fds.slice(0, FDS_MAX)) {
      if ((await inLane(() => readlink(`${base}/fd/${fd}`), '')) === file) return true;
    }
    return false;
  };
  const isOrigin = (slot: number): boolean => ((table.flags[slot] as number) & FLAG.ORIGIN) !== 0;
  const mark = (slot: number, on: boolean): void => {
    if (on === isOrigin(slot)) return;
    table.flags[slot] = (table.flags[slot] as number) ^ FLAG.ORIGIN;
    if (on) hooks.found(slot);
  };

  const proves = async (base: string, wasOrigin: boolean, swapoff: boolean, unmerge: boolean): Promise<boolean> => {
    const where = whereabouts(await textOf(`${base}/syscall`));
    if (where === 'elsewhere') return false;
    if (swapoff && where === 'swapoff') return true;
    // Once proven it stays one while it runs.
    if (swapoff && where === 'running' && (wasOrigin || (await textOf(`${base}/comm`)) === 'swapoff\n')) return true;
    if (!unmerge || where === 'swapoff') return false;
    const stack = await textOf(`${base}/stack`);
    if (isUnmerging(stack)) return true;
    // The stack of one that sleeps is exact, if we may see it; else who has the file open that started the unmerge is it.
    return (where === 'running' || stack === '') && (await holdsOpen(base, `${roots.sys}/kernel/mm/ksm/run`));
  };
  const ask = async (slot: number, swapoff: boolean, unmerge: boolean): Promise<void> => {
    const pid = table.pid[slot] as number;
    const isProven = await proves(`${roots.proc}/${pid}`, isOrigin(slot), swapoff, unmerge);
    // What was read by number was this process's when its kept descriptor answers still.
    if (table.pid[slot] === pid && hooks.isSame(slot, pid)) mark(slot, isProven);
  };

  /** Known ones are only asked again; when there are none everybody is, some at a time. */
  const whom = (): number[] => {
    const rows = [...table.rows.subarray(0, table.count)];
    const known = rows.filter(isOrigin);
    if (known.length > 0) return known;
    if (cursor >= rows.length) cursor = 0;
    const asked = rows.slice(cursor, cursor + ASKED_MAX);
    cursor += ASKED_MAX;
    return asked.filter((slot) => ((table.flags[slot] as number) & NOT_ASKED) === 0);
  };

  const look = async (): Promise<void> => {
    const ksm = `${roots.sys}/kernel/mm/ksm`;
    const meminfo = await textOf(`${roots.proc}/meminfo`);
    const swapoff = isSwapoffUnderWay(await textOf(`${roots.proc}/swaps`), meminfo);
    const unmerge = isUnmergeUnderWay(await textOf(`${ksm}/run`), await textOf(`${ksm}/pages_shared`));
    if (swapoff || unmerge) for (const slot of whom()) await ask(slot, swapoff, unmerge);
    else for (const slot of table.rows.subarray(0, table.count)) mark(slot, false);
  };

  return {
    look: async () => {
      if (isLooking) return;
      isLooking = true;
      await look().finally(() => {
        isLooking = false;
      });
    },
  };
};
