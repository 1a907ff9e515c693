/** Looks who has memory that no death returns, while core/holding says that it is worth it. */
import type { OomwatchdEvent } from '../../core/event.ts';
import type { Holder } from '../../core/holder.ts';
import { FLAG } from '../../core/process-table.ts';
import type { State } from '../../core/state.ts';
import { ABSENT } from '../../core/units.ts';
import { LEVEL } from '../../core/verdict.ts';
import { type Census, createLook } from '../../linux/holders/look.ts';
import { createPatience } from '../../linux/holders/patience.ts';
import type { Host } from './host.ts';
import { createPaced } from './paced.ts';
import type { Watchers } from './watchers.ts';

/** In a shortage what is told must be of now; before it, it is enough to know where to look. */
const SHORT_MS = 2000;
const APPROACH_MS = 5000;
/** slabinfo and memory.stat take milliseconds; what takes a second waits for slab_mutex or for a flush of a large host. */
const PATIENCE_MS = 1000;
/**
 * To be late is no fault while memory is short: each file of a dozen is opened into direct reclaim, a tenth of a second in a
 * thrash (ARCHITECTURE.md: 16.7 s for 150 of them), and a page may take a second. Five times as long is a lock that nobody
 * lets go; an alert waits for five minutes more.
 */
const SILENT_MS = 10_000;
/** They have no files, or those of a watchdog: hundreds, of which a slow host reads a few in the time of a look. */
const UNINTERESTING = FLAG.KTHREAD | FLAG.GONE | FLAG.SELF;

export const createHolderWatch = (
  { roots, cgroup2, clock, index: { table } }: Host,
  state: State,
  publish: (event: OomwatchdEvent) => void,
): Watchers => {
  const patience = createPatience(PATIENCE_MS, clock.nowMs);
  const pids = (): number[] => {
    const slots = Array.from(table.rows.subarray(0, table.count)).filter(
      (slot) => ((table.flags[slot] as number) & UNINTERESTING) === 0,
    );
    // What was not read counts as nothing: file and shared pages of the candidates come first.
    const mapped = (slot: number): number => (table.rssKiB[slot] as number) - (table.rssAnonKiB[slot] as number);
    return slots.sort((a, b) => mapped(b) - mapped(a)).map((slot) => table.pid[slot] as number);
  };
  const census: Census = {
    pids,
    commOf: (pid) => {
      const slot = table.pid.indexOf(pid);
      return slot === ABSENT ? '' : (table.comm[slot] as string);
    },
  };
  const surroundings = { roots, cgroup2, pageKiB: table.pageKiB, nowMs: clock.nowMs };
  const look = createLook(surroundings, census, patience);
  let found: readonly Holder[] | null = null;
  let silent = '';

  const tellSilent = (): void => {
    const names = patience.hanging(SILENT_MS).join(', ');
    if (names === silent) return;
    const detail = names === '' ? '' : `${names} does not answer: who holds memory is told without it`;
    if ((names === '') !== (silent === ''))
      publish({ kind: 'source', name: 'holders', up: names === '', fault: names !== '', detail });
    silent = names;
  };

  // Once in calm times: the code is compiled and the files have been opened before it matters.
  let isFirst = true;
  const looking = createPaced(async () => {
    const holders = await look();
    if (!isFirst) found = holders;
    isFirst = false;
  });
  looking.run(0, 0);

  return {
    run: (nowMs) => {
      // Also in calm: what answers at last is no longer down.
      tellSilent();
      if (!state.holding.isWanted) return;
      looking.run(state.level >= LEVEL.TERM ? SHORT_MS : APPROACH_MS, nowMs);
    },
    take: (into) => {
      into.holders = found;
      if (found === null) return;
      into.serial++;
      found = null;
    },
    isWaiting: patience.isWaiting,
  };
};
