/** Who is dying now, as the events tell it: from the first stage that is told of a process to its end. */
import type { VictimEvent } from '../../core/dying.ts';
import type { StampedEvent } from '../../core/event.ts';

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

export interface VictimsNow {
  event(event: VictimEvent & Pick<StampedEvent, 'timeMs'>): void;
  list(): readonly VictimNow[];
}

export const createVictimsNow = (): VictimsNow => {
  /** In the order of their last news. */
  const victims = new Map<number, VictimNow>();
  return {
    event: ({ pid, comm, life, killedBy, afterMs, timeMs }) => {
      victims.delete(pid);
      if (life === 'gone') return;
      victims.set(pid, { pid, comm, life, killedBy, sinceMs: timeMs - Math.max(0, afterMs) });
      if (victims.size <= VICTIMS_MAX) return;
      for (const oldest of victims.keys()) {
        victims.delete(oldest);
        return;
      }
    },
    list: () => [...victims.values()].sort((a, b) => a.sinceMs - b.sinceMs),
  };
};
