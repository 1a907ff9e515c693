/**
 * Turns the kernel's records, one after the other, into events. It remembers what a line alone does not say: which killer
 * the next "Killed process" is of, and the beginning of a line that comes in pieces.
 *
 * All lines of a kill but the oom_reaper's are printed under oom_lock (mm/oom_kill.c, out_of_memory; mm/memcontrol.c,
 * mem_cgroup_out_of_memory; drivers/tty/sysrq.c, moom_callback), so those of two kills do not mix; the first ones may be
 * missing, since they are ratelimited.
 */
import type { KernelEvent, KillScope } from '../../core/kernel-event.ts';
import { ABSENT } from '../../core/units.ts';
import {
  alreadyExitingText,
  type KilledText,
  killedText,
  killMessageText,
  pinnedText,
  reapedText,
  unableToReapText,
} from './kill-text.ts';
import { type KmsgRecord, unescapeKmsg } from './kmsg-record.ts';
import { isMemcgUsage, isOfInterest, looksLikeOom, noteOf } from './note-text.ts';
import { GROUP_PREFIX, groupText, invokedText, SELECTED_PREFIX, selectedText } from './report-text.ts';

export interface OomReport {
  /** Takes the escaped text of a record of the kernel (facility 0) and appends what it tells. */
  take(record: KmsgRecord, text: string, into: KernelEvent[]): void;
  /** There is no further record now. */
  settle(into: KernelEvent[]): void;
}

/** The dump between "invoked" and "Killed process" may go out over a slow serial console: 1,000 lines at 115,200 baud. */
const SYSRQ_US = 60_000_000;
/** The members of a group follow at once. */
const GROUP_US = 1_000_000;
/** Records of others between the pieces of a line. */
const PATIENCE = 64;
const PIECES_MAX = 8192;
const TOLD_MAX = 240;

interface Held {
  text: string;
  readonly timeUs: number;
  patience: number;
}

type Told = Pick<KernelEvent & { kind: 'note' }, 'timeUs' | 'source'>;

const unread = (told: Told, text: string): KernelEvent => ({ ...told, kind: 'unread', text: text.slice(0, TOLD_MAX) });

/** "oom-kill:" and "Tasks in" are printed with pr_cont; null while the end is missing. */
const wholeLine = (held: Held): KernelEvent | null => {
  const told: Told = { timeUs: held.timeUs, source: 'kmsg' };
  const text = unescapeKmsg(held.text);
  const selected = selectedText(text);
  if (selected !== null) return { ...told, kind: 'selected', ...selected };
  const memcg = groupText(text);
  return memcg === null ? null : { ...told, kind: 'group_kill', memcg };
};

export const createOomReport = (): OomReport => {
  /** When a SysRq-f began whose victim is not yet told, or ABSENT. */
  let sysrqUs = ABSENT;
  /** Until when "Out of memory" tells of members of a group that SysRq-f has hit. */
  let sysrqGroupUntilUs = ABSENT;
  let lastScope: KillScope = 'unknown';
  /** The report that goes on is on a cgroup, which its last line does not say. */
  let isOnMemcg = false;
  /** Of the last "Kill process ... or sacrifice child", for the bare "Killed process" of up to 5.2. */
  let messageScope: KillScope = 'unknown';
  let held: Held | null = null;

  const scopeOf = (message: string, timeUs: number): KillScope => {
    if (message.startsWith('Memory cgroup')) return 'memcg';
    if (message.includes('oom_kill_allocating_task')) return 'allocating_task';
    if (message !== 'Out of memory') return 'unknown';
    const isSysrq = (sysrqUs !== ABSENT && timeUs - sysrqUs <= SYSRQ_US) || timeUs <= sysrqGroupUntilUs;
    sysrqUs = ABSENT;
    return isSysrq ? 'sysrq' : 'global';
  };

  const killed = ({ message, ...victim }: KilledText, told: Told): KernelEvent => {
    lastScope = message === '' ? messageScope : scopeOf(message, told.timeUs);
    return { ...told, kind: 'killed', ...victim, scope: lastScope };
  };

  /** What one whole line tells; null: nothing. `shown` is the text as it may be shown to people. */
  const eventOf = (shown: string, timeUs: number): KernelEvent | null => {
    const told: Told = { timeUs, source: 'kmsg' };
    const text = unescapeKmsg(shown);
    // First the two that begin with a name, which may be spelt like the beginning of any other.
    const invoked = invokedText(text);
    if (invoked !== null) {
      sysrqUs = invoked.order === -1 ? timeUs : ABSENT;
      sysrqGroupUntilUs = ABSENT;
      isOnMemcg = false;
      return { ...told, kind: 'invoked', ...invoked };
    }
    if (isMemcgUsage(text)) {
      isOnMemcg = true;
      return null;
    }
    const found = noteOf(text);
    if (found !== null) {
      const note = found === 'no_killable' && isOnMemcg ? 'memcg_no_killable' : found;
      if (found === 'no_killable') isOnMemcg = false;
      if (found === 'sysrq_ignored' || found === 'no_killable') sysrqUs = ABSENT;
      return { ...told, kind: 'note', note, text: shown.slice(0, TOLD_MAX) };
    }
    const victim = killedText(text);
    if (victim !== null) return killed(victim, told);
    const message = killMessageText(text);
    if (message !== null) {
      messageScope = scopeOf(message, timeUs);
      return null;
    }
    const reaped = reapedText(text);
    if (reaped !== null) return { ...told, kind: 'reaped', ...reaped };
    const unable = unableToReapText(text);
    if (unable !== null) return { ...told, kind: 'unable_to_reap', ...unable };
    const pinned = pinnedText(text);
    if (pinned !== null) return { ...told, kind: 'pinned', ...pinned };
    const exiting = alreadyExitingText(text);
    if (exiting !== null) return { ...told, kind: 'already_exiting', ...exiting };
    return looksLikeOom(text) ? unread(told, shown) : null;
  };

  /** Tells the held line if it is whole; `isOver`: also if it is not. */
  const release = (into: KernelEvent[], isOver: boolean): void => {
    if (held === null) return;
    const event = wholeLine(held);
    if (event === null && !isOver) return;
    if (event?.kind === 'group_kill' && lastScope === 'sysrq') sysrqGroupUntilUs = held.timeUs + GROUP_US;
    into.push(event ?? unread({ timeUs: held.timeUs, source: 'kmsg' }, held.text));
    held = null;
  };

  return {
    take: (record, text, into) => {
      if (record.isContinuation) {
        // A piece may be nothing but the name of a cgroup: it never stands for itself.
        if (held !== null && held.text.length < PIECES_MAX) held.text += text;
        return;
      }
      if (held !== null) release(into, --held.patience < 0);
      if (!isOfInterest(text)) return;
      const event = eventOf(text, record.timeUs);
      // "Tasks in" is short enough for the name of a process that a line of another kind begins with.
      if (event?.kind === 'unread' && (text.startsWith(SELECTED_PREFIX) || text.startsWith(GROUP_PREFIX))) {
        release(into, true);
        // Only the next record tells whether this one is whole: a path may end like the line.
        held = { text, timeUs: record.timeUs, patience: PATIENCE };
      } else if (event !== null) {
        into.push(event);
      }
    },
    settle: (into) => release(into, false),
  };
};
