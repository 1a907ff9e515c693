/**
 * The lines of mm/oom_kill.c that tell of a process, from 3.10 to 7.x. A process chooses its name (comm, at most 15 bytes,
 * any byte but NUL), whoever may make cgroups chooses a path; all else is the kernel's. So a shape begins with words of
 * the kernel, and a name ends at words that are too long to be in a name, or at the last such words of the text because
 * nothing but numbers follows. Given is the unescaped text, one character a byte.
 */
import { ABSENT } from '../../core/units.ts';

/** TASK_COMM_LEN less its NUL (include/linux/sched.h). */
export const COMM_MAX = 15;

export interface NamedText {
  readonly pid: number;
  readonly comm: string;
}

export interface KilledText extends NamedText {
  /** What stands before "Killed process", "" up to 5.2. */
  readonly message: string;
  readonly anonRssKiB: number;
  readonly uid: number;
}

/** PID_MAX_LIMIT is 2^22 (include/linux/threads.h): a longer number is none. */
const toPid = (digits: string | undefined): number =>
  digits !== undefined && digits.length <= 7 ? Number(digits) : ABSENT;
const toNumber = (digits: string | undefined): number =>
  digits !== undefined && digits.length <= 15 ? Number(digits) : ABSENT;

const named = (pid: string | undefined, comm: string): NamedText | null =>
  comm.length <= COMM_MAX && toPid(pid) !== ABSENT ? { pid: toPid(pid), comm } : null;

/** What the kernel puts before "Killed process", and before the older "Kill process ... or sacrifice child". */
const MESSAGE = '((?:Out of memory|Memory cgroup out of memory)(?: \\([\\w ]{1,40}\\))?)';
const KILLED = new RegExp(`^(?:${MESSAGE}: )?Killed process (\\d+)(?:, UID (\\d+),)? \\(`);
const KILLED_SIZES = /^ total-vm:\d+kB, anon-rss:(\d+)kB, file-rss:\d+kB(?=$|[ ,])/;
const SIZES = ' total-vm:';
const CLOSING_UID = /\), UID (\d+),$/;
const UID_BEHIND = / UID:(\d+) /;

/**
 *     Killed process 7 (NAME) total-vm:1kB, anon-rss:1kB, file-rss:0kB[, shmem-rss:0kB]                      4.x to 5.2
 *     Killed process 7 (NAME), UID 1000, total-vm:...                                                        RHEL 7
 *     Out of memory: Killed process 7 (NAME) total-vm:..., UID:0 pgtables:40kB oom_score_adj:0               5.3 to 7.x
 *
 * Behind the sizes there are only numbers, so the last " total-vm:" is the kernel's and the last bracket before it closes
 * the name. null: not this shape.
 */
export const killedText = (text: string): KilledText | null => {
  const begin = KILLED.exec(text);
  if (begin === null) return null;
  const sizesAt = text.lastIndexOf(SIZES);
  const sizes = KILLED_SIZES.exec(text.slice(sizesAt));
  if (sizes === null || sizesAt < begin[0].length) return null;
  const beforeSizes = text.slice(begin[0].length, sizesAt);
  const withUid = CLOSING_UID.exec(beforeSizes);
  if (withUid === null && !beforeSizes.endsWith(')')) return null;
  const name = named(begin[2], beforeSizes.slice(0, withUid === null ? -1 : withUid.index));
  if (name === null) return null;
  const uid = toNumber(begin[3] ?? withUid?.[1] ?? UID_BEHIND.exec(text.slice(sizesAt))?.[1]);
  return { ...name, message: begin[1] ?? '', anonRssKiB: toNumber(sizes[1]), uid };
};

const KILL_BEFORE = new RegExp(`^${MESSAGE}: Kill process \\d+ \\(`);

/** "Out of memory: Kill process 7 (NAME) score 9 or sacrifice child" (up to 5.2): only its beginning is of use, or null. */
export const killMessageText = (text: string): string | null => KILL_BEFORE.exec(text)?.[1] ?? null;

const REAPED = /^oom_reaper: reaped process :?(\d+) \(/;
const REAPED_END = /^\), now anon-rss:\d+[kl]B, file-rss:\d+[kl]B(?:, shmem-rss:\d+[kl]B)?$/;

/** "oom_reaper: reaped process 7 (NAME), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB" (4.6+; ":7" and "lB" in its first). */
export const reapedText = (text: string): NamedText | null => {
  const begin = REAPED.exec(text);
  if (begin === null) return null;
  const end = text.lastIndexOf('), now anon-rss:');
  if (end < begin[0].length || !REAPED_END.test(text.slice(end))) return null;
  return named(begin[1], text.slice(begin[0].length, end));
};

const UNABLE = /^oom_reaper: unable to reap pid:(\d+) \(([\s\S]*)\)$/;

/** "oom_reaper: unable to reap pid:7 (NAME)": the name goes up to the last character but one. */
export const unableToReapText = (text: string): NamedText | null => {
  const found = UNABLE.exec(text);
  return found === null ? null : named(found[1], found[2] as string);
};

const PINNED = /^oom killer (\d+) \(/;
/** Longer than a name: its first occurrence is the kernel's. */
const PINNED_BY = ') has mm pinned by ';
const PINNER = /^(\d+) \(([\s\S]*)\)$/;

/** "oom killer 7 (NAME) has mm pinned by 8 (NAME)" (4.8+). */
export const pinnedText = (text: string): (NamedText & { byPid: number; byComm: string }) | null => {
  const begin = PINNED.exec(text);
  const by = text.indexOf(PINNED_BY);
  if (begin === null || by < begin[0].length) return null;
  const pinner = PINNER.exec(text.slice(by + PINNED_BY.length));
  const victim = named(begin[1], text.slice(begin[0].length, by));
  const other = pinner === null ? null : named(pinner[1], pinner[2] as string);
  return victim === null || other === null ? null : { ...victim, byPid: other.pid, byComm: other.comm };
};

const EXITING = new RegExp(
  `^(?:${MESSAGE}: )?OOM victim (\\d+) \\(([\\s\\S]*)\\) is already exiting\\. Skip killing the task$`,
);

/** "Out of memory: OOM victim 7 (NAME) is already exiting. Skip killing the task" (5.17+). */
export const alreadyExitingText = (text: string): NamedText | null => {
  const found = EXITING.exec(text);
  return found === null ? null : named(found[2], found[3] as string);
};
