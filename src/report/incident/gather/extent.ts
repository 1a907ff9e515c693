/**
 * Where an incident begins and ends. It begins with an event that somebody will ask about, reaches back to the first sign of
 * it, and lasts while an episode, a livelock or the death of a victim does, and until nothing more is told of it.
 */
import type { StampedEvent } from '../../../core/event.ts';

/** trigger: begins an incident. part: belongs to one that is open. lead: may become the beginning of one. */
export type Role = 'trigger' | 'part' | 'lead' | 'calm' | 'none';

const cgroupRole = (event: Extract<StampedEvent, { kind: 'cgroup' }>): Role =>
  // A cgroup that is slow or throttled within its own limits may be so for days; what nobody ends is one of these two.
  event.holds && (event.condition === 'oom_loop' || event.condition === 'under_oom') ? 'trigger' : 'part';

/** Kinds that belong to an open incident and begin none. */
const PARTS: ReadonlySet<string> = new Set([
  ...['verify', 'episode_ended', 'victim', 'reap', 'restored', 'forced', 'policy_loaded', 'policy_rejected', 'source'],
  ...['stall', 'stalled_task', 'stall_over', 'watchdog_device', 'late', 'reporter', 'dropped', 'stopping'],
]);

const TRIGGERS: ReadonlySet<string> = new Set([
  ...['episode_started', 'signal', 'no_action', 'kernel_kill', 'kernel_kills_unseen', 'kill_burst'],
  ...['rescue', 'sysrq', 'evidence', 'last_resort'],
]);

export const roleOf = (event: StampedEvent): Role => {
  switch (event.kind) {
    case 'level':
      return event.to === 'calm' ? 'calm' : 'lead';
    case 'ranked':
      // Outside of an episode somebody has only asked who it would be.
      return event.episode > 0 ? 'trigger' : 'part';
    case 'holders':
      return event.holders.length > 0 ? 'trigger' : 'part';
    case 'livelock':
      return event.stage === 'ends' ? 'part' : 'trigger';
    case 'kernel_note':
      return event.note === 'no_killable' || event.note === 'panic_on_oom' ? 'trigger' : 'part';
    case 'cgroup_rule':
      return event.outcome !== 'over' && event.action !== 'tell' ? 'trigger' : 'part';
    case 'cgroup':
      return cgroupRole(event);
    case 'remedy':
      return event.stage === 'before' ? 'trigger' : 'part';
    default:
      if (TRIGGERS.has(event.kind)) return 'trigger';
      // Among those left out: findings and candidates, which are told in calm times as well.
      return PARTS.has(event.kind) ? 'part' : 'none';
  }
};

/** Victims that are waited for; more are followed by control all the same. */
const VICTIMS_MAX = 256;
/** Cgroups that are waited for. */
const CGROUPS_MAX = 256;
/** It is told once a minute while it lasts; its end may go untold, as lines about cgroups have a budget. */
const CGROUP_TICKS = 600;

export interface Extent {
  see(event: StampedEvent): void;
  /** Once a second. */
  tick(): void;
  /** Something of it goes on. */
  readonly isHeld: boolean;
}

/** What goes on in one incident. */
export const createExtent = (): Extent => {
  let hasEpisode = false;
  let isShort = false;
  let hasLivelock = false;
  const dying = new Set<number>();
  /** What is wrong with which cgroup, and for how many ticks that is believed. */
  const conditions = new Map<string, number>();

  const seeCgroup = (event: Extract<StampedEvent, { kind: 'cgroup' }>): void => {
    const key = `${event.condition} ${event.path}`;
    if (!event.holds) conditions.delete(key);
    else if (cgroupRole(event) === 'trigger' && (conditions.has(key) || conditions.size < CGROUPS_MAX)) {
      conditions.set(key, CGROUP_TICKS);
    }
  };

  return {
    see: (event) => {
      switch (event.kind) {
        case 'level':
          // As long as a kill is demanded, what is told every minute or so belongs together.
          isShort = event.to === 'term' || event.to === 'kill';
          return;
        case 'episode_started':
          hasEpisode = true;
          return;
        case 'episode_ended':
          hasEpisode = false;
          return;
        case 'ranked':
        case 'no_action':
          // From within an episode whose beginning an earlier reporter has seen.
          if (event.episode > 0) hasEpisode = true;
          return;
        case 'livelock':
          hasLivelock = event.stage !== 'ends';
          return;
        case 'cgroup':
          seeCgroup(event);
          return;
        case 'signal':
          // Without a victim it is of another version.
          if (event.sent && event.errno === 0 && dying.size < VICTIMS_MAX && event.victim) dying.add(event.victim.pid);
          return;
        case 'verify':
          if (event.verdict !== null) dying.delete(event.pid);
          return;
        case 'victim':
          if (event.life === 'gone' || event.life === 'stuck') dying.delete(event.pid);
          return;
        default:
      }
    },
    tick: () => {
      for (const [key, left] of conditions) {
        if (left > 1) conditions.set(key, left - 1);
        else conditions.delete(key);
      }
    },
    get isHeld() {
      return hasEpisode || isShort || hasLivelock || conditions.size > 0 || dying.size > 0;
    },
  };
};
