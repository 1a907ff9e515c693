/** Who is dying now, as the events tell it: from the first stage that is told of a process to its end. */
import type { StampedEvent } from '../../core/event.ts';
import type { EventOf } from '../sentence.ts';

export interface VictimNow {
  pid: number;
  /** As the kernel has it, whatever it holds. */
  comm: string;
  life: string;
  killedBy: string;
  /** When it was killed, or first seen dying; CLOCK_REALTIME. */
  sinceMs: number;
}

/** A host has few victims at a time; an end that was never told must not be remembered for ever. */
const VICTIMS_MAX = 64;
/** After events were lost, a victim of which nothing was heard for so long may have gone untold. */
export const LOST_MS = 600_000;

export interface VictimsNow {
  event(event: StampedEvent): void;
  /** As of `nowMs`, CLOCK_REALTIME; who has died for longest first. */
  list(nowMs: number): readonly VictimNow[];
}

export const createVictimsNow = (): VictimsNow => {
  /** In the order of their last news. */
  const victims = new Map<number, { readonly victim: VictimNow; readonly heardMs: number }>();
  let droppedMs = Number.NEGATIVE_INFINITY;

  const note = ({ pid, comm, life, killedBy, afterMs, timeMs }: EventOf<'victim'>): void => {
    victims.delete(pid);
    if (life === 'gone') return;
    const sinceMs = timeMs - Math.max(0, afterMs);
    victims.set(pid, { victim: { pid, comm, life, killedBy, sinceMs }, heardMs: timeMs });
    const [oldest] = victims.keys();
    if (victims.size > VICTIMS_MAX && oldest !== undefined) victims.delete(oldest);
  };

  return {
    event: (event) => {
      if (event.kind === 'victim') note(event);
      if (event.kind === 'dropped') droppedMs = event.timeMs;
    },
    list: (nowMs) => {
      for (const [pid, { heardMs }] of victims) {
        if (heardMs <= droppedMs && nowMs - heardMs > LOST_MS) victims.delete(pid);
      }
      return [...victims.values()].map(({ victim }) => victim).sort((a, b) => a.sinceMs - b.sinceMs);
    },
  };
};
