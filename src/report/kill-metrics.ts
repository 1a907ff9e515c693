/** What is counted across events: whom a verdict is about and why he was signalled, who would have been, unread records. */
import { DETECTORS, type StampedEvent, VERIFY_VERDICTS } from '../core/event.ts';
import { COUNTED_IN } from '../core/kernel-event.ts';
import { LIVELOCK_CLASSES } from '../core/livelock.ts';
import { type Instruments, known } from './instruments.ts';
import type { EventOf } from './sentence.ts';

/** What may stand for the first reason of a signal (core/intent.ts); the texts of rules for cgroups are "other". */
const REASONS = [...DETECTORS, 'term_timeout', 'kill_mark', 'forced', 'fork_storm'] as const;
/** Victims whose verdict is awaited, and those told of in observe mode: control has a handful at a time. */
const REMEMBERED = 256;
/** A record that nobody could read belongs to a kill that was counted within this time. */
const TOGETHER_MS = 10_000;
/** The kernel tells of a kill in some ten lines; what is beyond that in one window is noise. */
const MOST_UNREAD = 100;

interface Shot {
  readonly reason: string;
  readonly signal: string;
  readonly class: string;
}

/** The first word of "mem_available+swap_free"; the list decides what may be a label. */
const reasonOf = (reason: string): string => known(reason.split('+', 1)[0] ?? '', REASONS);

const remember = <T>(map: Map<string, T>, key: string, value: T): void => {
  if (!map.has(key) && map.size >= REMEMBERED) map.delete(map.keys().next().value ?? key);
  map.set(key, value);
};

/** Gives a function that counts one event; those of other kinds it leaves alone. */
export const createKillMetrics = (instruments: Instruments): ((event: StampedEvent) => void) => {
  const shots = new Map<string, Shot>();
  const wouldBe = new Map<string, true>();
  let livelock = 'none';
  let unread = 0;
  let unreadMs = Number.NEGATIVE_INFINITY;
  let unseenMs = Number.NEGATIVE_INFINITY;

  // Every reason begins at 0, so that the first increase is one for rate() and alerts.
  for (const reason of [...REASONS, 'other']) instruments.add('oomwatchd_would_have_killed_total', 0, { reason });

  const countSignal = ({ victim, episode, signal, reason, sent, errno }: EventOf<'signal'>): void => {
    const first = reasonOf(reason);
    if (sent) {
      const key = String(victim.pid);
      // Why it was asked to leave outlasts the SIGKILL that followed.
      const before = shots.get(key)?.reason ?? first;
      remember(shots, key, { signal: signal === 'KILL' ? 'KILL' : 'TERM', reason: before, class: livelock });
      return;
    }
    const key = `${episode}:${victim.pid}:${victim.startTimeTicks}`;
    if (errno !== 0 || wouldBe.has(key)) return;
    remember(wouldBe, key, true);
    instruments.add('oomwatchd_would_have_killed_total', 1, { reason: first });
  };

  const countVerdict = ({ pid, verdict }: EventOf<'verify'>): void => {
    const key = String(pid);
    const shot = shots.get(key);
    // One that was signalled before our time has had its verdict counted without it.
    if (verdict === null || shot === undefined) return;
    shots.delete(key);
    instruments.add('oomwatchd_outcomes_total', 1, { ...shot, verdict: known(verdict, VERIFY_VERDICTS) });
  };

  /** Either may come first: control waits 3 s before it believes that a counter is ahead. */
  const countUnread = (): void => {
    if (Math.abs(unreadMs - unseenMs) > TOGETHER_MS) return;
    instruments.add('oomwatchd_kernel_records_unread_total', unread);
    unread = 0;
  };

  const noteUnread = (nowMs: number): void => {
    if (nowMs - unreadMs > TOGETHER_MS) unread = 0;
    unread = Math.min(unread + 1, MOST_UNREAD);
    unreadMs = nowMs;
    countUnread();
  };

  return (event) => {
    switch (event.kind) {
      case 'signal':
        return countSignal(event);
      case 'verify':
        return countVerdict(event);
      case 'livelock':
        livelock = event.stage === 'ends' ? 'none' : known(event.class, LIVELOCK_CLASSES);
        return;
      case 'kernel_note':
        if (event.note === 'unread' && !event.text.startsWith(COUNTED_IN)) noteUnread(event.monotonicMs);
        return;
      case 'kernel_kills_unseen':
        unseenMs = event.monotonicMs;
        return countUnread();
      default:
        return;
    }
  };
};
