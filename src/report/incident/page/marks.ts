/** What is marked in the picture of an incident: decisions and records of the kernel, numbered, in their order. */
import type { EventRow, IncidentDocument } from '../document/document.ts';

export interface Mark {
  /** From 1, as in the list below the picture. */
  readonly number: number;
  readonly timeMs: number;
  readonly by: 'oomwatchd' | 'kernel';
  readonly text: string;
}

const KERNEL: ReadonlySet<string> = new Set(['kernel_kill', 'kernel_note', 'kernel_kills_unseen', 'kill_burst']);
const OURS: ReadonlySet<string> = new Set([
  ...['level', 'episode_started', 'episode_ended', 'signal', 'no_action', 'verify', 'livelock', 'rescue', 'sysrq'],
  ...['remedy', 'evidence', 'last_resort', 'cgroup', 'cgroup_rule', 'holders', 'victim', 'reap', 'forced'],
]);
/** A list that a person reads to its end. */
const MARKS_MAX = 40;

/** Steps on the way to one are of level debug. */
const isMarked = ({ kind, level }: EventRow): boolean => level !== 'debug' && (OURS.has(kind) || KERNEL.has(kind));

export const marksOf = ({ events }: IncidentDocument): readonly Mark[] => {
  const told = events.filter(isMarked);
  const half = MARKS_MAX / 2;
  const few = told.length <= MARKS_MAX ? told : [...told.slice(0, half), ...told.slice(-half)];
  return few.map(({ time_ms, kind, text }, at) => ({
    ...{ number: at + 1, timeMs: time_ms, text },
    by: KERNEL.has(kind) ? 'kernel' : 'oomwatchd',
  }));
};
