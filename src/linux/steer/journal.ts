/**
 * The journal of changed oom_score_adj: written and synced before the first value is, so that whoever comes after a crash
 * can put them back. One page that exists from the start, in a directory of memory (/run), so that nothing is allocated
 * when it is needed:
 *
 *     oomwatchd-oom_score_adj 1 BOOT_ID AT
 *     PID START FROM TO
 *     end COUNT
 *
 * AT and START are clock ticks since boot (proc(5), field 22 of stat), START -1 where it was not known. All zeros: nothing.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { flockExclusive } from '../sys/locks.ts';

const PAGE_BYTES = 4096;
const TITLE = 'oomwatchd-oom_score_adj 1';

export interface JournalEntry {
  readonly pid: number;
  readonly startTimeTicks: number;
  readonly from: number;
  readonly to: number;
}

export interface JournalPage {
  readonly bootId: string;
  readonly atTicks: number;
  readonly entries: readonly JournalEntry[];
}

export const journalText = ({ bootId, atTicks, entries }: JournalPage): string =>
  [
    `${TITLE} ${bootId} ${atTicks}`,
    ...entries.map(({ pid, startTimeTicks, from, to }) => `${pid} ${startTimeTicks} ${from} ${to}`),
    `end ${entries.length}\n`,
  ].join('\n');

const HEAD = /^oomwatchd-oom_score_adj 1 ([0-9a-f-]{1,64}) (\d{1,15})$/;
const LINE = /^([1-9]\d{0,9}) (-1|\d{1,15}) (-?\d{1,4}) (-?\d{1,4})$/;

/** What a text says; null when it is no whole journal: torn, empty, or written by somebody else. */
export const parseJournal = (text: string): JournalPage | null => {
  const [head = '', ...rest] = text.replace(/\0+$/, '').split('\n');
  const [, bootId, at] = HEAD.exec(head) ?? [];
  if (bootId === undefined || at === undefined || rest.pop() !== '') return null;
  if (rest.pop() !== `end ${rest.length}`) return null;
  const entries: JournalEntry[] = [];
  for (const line of rest) {
    const fields = LINE.exec(line)?.slice(1).map(Number);
    if (fields === undefined) return null;
    const [pid, startTimeTicks, from, to] = fields as [number, number, number, number];
    if (Math.abs(from) > 1000 || Math.abs(to) > 1000) return null;
    entries.push({ pid, startTimeTicks, from, to });
  }
  return { bootId, atTicks: Number(at), entries };
};

export interface Journal {
  /** False when it did not get onto its page: then nothing may be changed. */
  write(page: JournalPage): boolean;
  /** What an earlier run has left; null: nothing. */
  read(): JournalPage | null;
  clear(): void;
  close(): void;
}

const FLAGS = constants.O_RDWR | constants.O_NOFOLLOW;

/** The directory may be written by the report process's group: a file that is not ours, and ours alone, says nothing. */
const isOurs = (fd: number): boolean => {
  const { uid, nlink, mode } = fstatSync(fd);
  return (
    uid === process.geteuid?.() && nlink === 1 && (mode & constants.S_IFMT) === constants.S_IFREG && (mode & 0o77) === 0
  );
};

const openOurs = (path: string): number => {
  try {
    const fd = openSync(path, FLAGS);
    if (isOurs(fd)) return fd;
    closeSync(fd);
    unlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ELOOP: a link that somebody has put there.
    if (code === 'ELOOP') unlinkSync(path);
    else if (code !== 'ENOENT') throw error;
  }
  return openSync(path, FLAGS | constants.O_CREAT | constants.O_EXCL, 0o600);
};

/**
 * Opens the journal and locks it for as long as this process lives: the one who has changed values is the one to put them
 * back. A reason in words when that is not to be had.
 */
export const openJournal = (path: string): Journal | string => {
  let fd: number;
  try {
    fd = openOurs(path);
  } catch (error) {
    return (error as Error).message;
  }
  if (flockExclusive(fd) < 0) {
    closeSync(fd);
    return `${path} is in use by another oomwatchd`;
  }
  const page = Buffer.alloc(PAGE_BYTES);
  const put = (text: string): boolean => {
    page.fill(0);
    if (Buffer.byteLength(text) > PAGE_BYTES) return false;
    page.write(text);
    try {
      const isWhole = writeSync(fd, page, 0, PAGE_BYTES, 0) === PAGE_BYTES;
      fdatasyncSync(fd);
      return isWhole;
    } catch {
      // No space, or a filesystem that fails: told by the answer.
      return false;
    }
  };
  const journal: Journal = {
    write: (what) => put(journalText(what)),
    read: () => {
      const bytes = Buffer.alloc(PAGE_BYTES);
      return parseJournal(bytes.toString('latin1', 0, readSync(fd, bytes, 0, PAGE_BYTES, 0)));
    },
    clear: () => void put(''),
    close: () => closeSync(fd),
  };
  // Its page exists from now on.
  if (fstatSync(fd).size < PAGE_BYTES) journal.clear();
  return journal;
};

const HUNDREDTHS = /^(\d+)\.(\d\d) /;

/** Clock ticks since boot, of which there are 100 a second in user space (USER_HZ): /proc/uptime has two digits. */
export const ticksSinceBoot = (procRoot: string): number => {
  const [, seconds, hundredths] = HUNDREDTHS.exec(readFileSync(`${procRoot}/uptime`, 'latin1')) ?? [];
  return Number(seconds) * 100 + Number(hundredths);
};

export const readBootId = (procRoot: string): string =>
  readFileSync(`${procRoot}/sys/kernel/random/boot_id`, 'latin1').trim();
