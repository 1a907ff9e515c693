/** The walk over the threads, asked for what core/stall wants: one turn's state in, its findings out. */
import { seemsThrashing } from '../../core/detect/detect.ts';
import { FLAG } from '../../core/process-table.ts';
import { isVictim } from '../../core/stall/summary.ts';
import { toName } from '../../core/stall/warning.ts';
import type { State } from '../../core/state.ts';
import { ABSENT } from '../../core/units.ts';
import { LEVEL } from '../../core/verdict.ts';
import { isPending } from '../../core/victim.ts';
import { taskIo } from '../../linux/tasks/task-io.ts';
import { createTaskWalk } from '../../linux/tasks/task-walk.ts';
import type { Host } from './host.ts';
import type { Watchers } from './watchers.ts';

/**
 * Between a verdict and its signal nothing is opened: a shot is near at the term level, and while a thrash is being judged,
 * unless somebody is dying already or nobody may be chosen.
 */
export const isShotNear = ({ level, detect, nobodyMs, victims }: State, isEnforcing: boolean): boolean =>
  isEnforcing && (level >= LEVEL.TERM || seemsThrashing(detect)) && nobodyMs === ABSENT && !victims.some(isPending);

export const createTaskWatch = ({ roots, clock, policy, index: { table } }: Host, state: State): Watchers => {
  const walk = createTaskWalk(roots.proc, taskIo, clock.nowMs, (into) => {
    for (let row = 0; row < table.count; row++) {
      const slot = table.rows[row] as number;
      const isKernel = ((table.flags[slot] as number) & FLAG.KTHREAD) !== 0;
      if (isKernel && !(table.comm[slot] as string).startsWith('kswapd')) into.add(table.pid[slot] as number);
    }
  });
  const { stallWatch, stall, register } = state;
  const victimPid = (pid: number): boolean => register.dying.some((dying) => dying.pid === pid && isVictim(dying));
  const closed = { isOpen: false, isPaused: false, followed: [], named: [], isFruitful: false, isVictim: victimPid };

  return {
    run: (nowMs) => {
      if (!stallWatch.isOpen) {
        walk.run(nowMs, closed);
        return;
      }
      walk.run(nowMs, {
        isOpen: true,
        isPaused: isShotNear(state, policy().mode === 'enforce'),
        followed: stallWatch.suspects.list,
        named: toName(stallWatch.suspects),
        isFruitful: stall.stalling > 0,
        isVictim: victimPid,
      });
    },
    take: (into) => {
      into.threads = walk.take();
    },
    isWaiting: walk.isWaiting,
  };
};
