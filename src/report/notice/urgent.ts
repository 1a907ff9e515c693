/** Which events are told at once, and each of them once: what repeats itself within ten minutes is in the log alone. */
import type { KilledBy } from '../../core/dying.ts';
import type { ProcessFacts, StampedEvent } from '../../core/event.ts';
import type { NoticeKind } from '../../core/notice-policy.ts';
import { isUnanswered } from '../unanswered.ts';

interface Urgent {
  readonly kind: NoticeKind;
  /** The process that was signalled. */
  readonly victim?: ProcessFacts;
}

const REPEAT_MS = 600_000;
/** Keys remembered; the oldest makes room. */
const KEYS_MAX = 256;

/** Strangers may kill and hang as they like: nobody is woken for it. */
const OURS: readonly KilledBy[] = ['oomwatchd', 'standby', 'kernel'];

/** The notice of an event and what makes it the same as another; undefined: none. */
const judge = (event: StampedEvent): (Urgent & { readonly key: string }) | undefined => {
  switch (event.kind) {
    case 'livelock':
      return event.stage === 'begins' ? { kind: 'livelock', key: `livelock ${event.class} ${event.cause}` } : undefined;
    case 'victim':
      return event.life === 'stuck' && OURS.includes(event.killedBy)
        ? { kind: 'stuck_victim', key: `stuck ${event.pid} ${event.reason}` }
        : undefined;
    case 'no_action':
      return isUnanswered(event.reason)
        ? { kind: 'no_action', key: `no_action ${event.episode} ${event.reason}` }
        : undefined;
    case 'signal': {
      // Who goes along with a victim, hundreds in a fork storm, is told with it.
      if (!event.sent || event.company !== '') return undefined;
      const { pid, startTimeTicks } = event.victim;
      return { kind: 'signal', key: `signal ${pid} ${startTimeTicks} ${event.signal}`, victim: event.victim };
    }
    case 'rescue':
      return event.outcome === 'killed' ? { kind: 'signal', key: `rescue ${event.pid}` } : undefined;
    case 'sysrq':
      return event.outcome === 'executed' ? { kind: 'signal', key: `sysrq ${event.episode} ${event.pid}` } : undefined;
    case 'last_resort':
      return event.sent ? { kind: 'signal', key: `last_resort ${event.action}` } : undefined;
    case 'drilled':
      // One that was put off is asked for again.
      return event.outcome === 'not_calm' ? undefined : { kind: 'drill', key: `drill ${event.timeMs}` };
    default:
      return undefined;
  }
};

/** `nowMs`: a monotonic clock. */
export const createUrgency = (nowMs: () => number): ((event: StampedEvent) => Urgent | undefined) => {
  const told = new Map<string, number>();
  return (event) => {
    const urgent = judge(event);
    if (urgent === undefined) return undefined;
    const now = nowMs();
    const before = told.get(urgent.key);
    if (before !== undefined && now - before < REPEAT_MS) return undefined;
    told.delete(urgent.key);
    if (told.size >= KEYS_MAX) told.delete(told.keys().next().value ?? '');
    told.set(urgent.key, now);
    return urgent;
  };
};
