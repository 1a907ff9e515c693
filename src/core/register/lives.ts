/** From what /proc shows to a stage of life. Stages only go forward; what is gone leaves the register. */
import type { Dying, Life, Sight } from '../dying.ts';
import type { OomwatchdEvent } from '../event.ts';
import { ABSENT } from '../units.ts';

/** Less than a fifth of its memory left: with oom_score 0 it is reaped, and no vfork child, whose score is 0 as well. */
const LEFT_SHARE = 0.2;

const ORDER: readonly Life[] = ['signalled', 'taken', 'exiting', 'stuck', 'reaped', 'gone'];

const isReaped = (dying: Dying, sight: Sight): boolean => {
  if (dying.isOrigin) return false;
  if (dying.reap === 'released' || dying.reap === 'gone') return true;
  if (sight.oomScore !== 0) return false;
  return sight.rssKiB === ABSENT || dying.sizeKiB === ABSENT || sight.rssKiB <= dying.sizeKiB * LEFT_SHARE;
};

/** The stage that a sight shows. */
export const lifeOf = (dying: Dying, sight: Sight): Life => {
  if (sight.isGone) return 'gone';
  if (isReaped(dying, sight)) return 'reaped';
  if (sight.isLeaderZombie) return 'exiting';
  return sight.isPending ? 'signalled' : 'taken';
};

export const victimEvent = (dying: Dying, episode: number, nowMs: number): OomwatchdEvent => ({
  kind: 'victim',
  episode,
  pid: dying.pid,
  comm: dying.comm,
  killedBy: dying.killedBy,
  life: dying.life,
  afterMs: nowMs - dying.sinceMs,
  sizeKiB: dying.sizeKiB,
  reason: dying.reason,
  detail: dying.detail,
});

/** Moves on to `life` when that is further; true when it did. */
export const advance = (dying: Dying, life: Life): boolean => {
  if (ORDER.indexOf(life) <= ORDER.indexOf(dying.life)) return false;
  dying.life = life;
  return true;
};
