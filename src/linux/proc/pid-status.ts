/**
 * /proc/PID/status and /proc/PID/task/TID/status (fs/proc/array.c, proc_pid_status), one record:
 *
 *     Name:	a\nb\\c                     (only newline and backslash are escaped; any other byte stands as it is)
 *     State:	S (sleeping)
 *     Tgid:	98
 *     PPid:	1
 *     Uid:	0	0	0	0               (real, effective, saved, filesystem)
 *     NSsid:	98	1                     (session id, in each pid namespace from ours down; without CONFIG_PID_NS not there)
 *     Groups:	 4 24 27                    (up to 65536 of them: may push all below out of a small buffer)
 *     Kthread:	0                          (6.12 has it, 6.1 has not)
 *     VmRSS:	    1756 kB                (this block only while the thread has memory: not kernel threads, not zombies)
 *     RssAnon:	     108 kB
 *     RssFile:	    1648 kB
 *     RssShmem:	       0 kB
 *     VmExe:	     640 kB
 *     VmLib:	    1632 kB                (all else that is executable: grows with dlopen(3) and with a JIT)
 *     VmPTE:	      48 kB
 *     VmSwap:	       0 kB
 *     CoreDumping:	0
 *     Threads:	1
 *     SigPnd:	0000000000000000           (the thread's; ShdPnd is the process's)
 *     ShdPnd:	0000000000000000
 *
 * Never blocks on a stuck process (kernel-facts 4.4), and does not show the memory of a process whose leader is a zombie
 * (0.1).
 */
import { ABSENT } from '../../core/units.ts';
import {
  ascii,
  at,
  COLON,
  digitsEnd,
  hexBit,
  indexOfByte,
  latin1,
  lineEnd,
  skipBlanks,
  startsWith,
  uintBetween,
  wordEnd,
} from '../bytes.ts';
import { createKeyTable, findKey } from './key-table.ts';
import { faultAt, faultMissing, type ParseFault } from './parse-fault.ts';

const FILE = 'PID/status';

const NUMBERS = ['tgid', 'ppid', 'threads', 'coreDumping', 'kthread'] as const;
const SIZES = [
  'vmRssKiB',
  'rssAnonKiB',
  'rssFileKiB',
  'rssShmemKiB',
  'vmPteKiB',
  'vmSwapKiB',
  'vmExeKiB',
  'vmLibKiB',
] as const;
/** 1 when SIGKILL is pending for the thread, for the process. */
const MASKS = ['threadSigkill', 'sharedSigkill'] as const;

export type PidStatus = Record<(typeof NUMBERS | typeof SIZES | typeof MASKS)[number], number> & {
  /** The letter as a byte: see TASK_STATE. */
  state: number;
  /** Real uid, as the kernel's OOM report prints it. */
  uid: number;
  euid: number;
  /** As we see it; 0: begun outside of our pid namespace. */
  session: number;
  /** Where Name stands in the buffer, still escaped: see commOfStatus. */
  nameFrom: number;
  nameEnd: number;
};

export const TASK_STATE = { ZOMBIE: 0x5a, DEAD: 0x58, DISK_SLEEP: 0x44 } as const;

const KEYS = createKeyTable([
  ...['Tgid', 'PPid', 'Threads', 'CoreDumping', 'Kthread'],
  ...['VmRSS', 'RssAnon', 'RssFile', 'RssShmem', 'VmPTE', 'VmSwap', 'VmExe', 'VmLib'],
  ...['SigPnd', 'ShdPnd'],
  ...['Name', 'State', 'Uid', 'NSsid'],
]);
const FIRST_SIZE = NUMBERS.length;
const FIRST_MASK = FIRST_SIZE + SIZES.length;
const NAME_KEY = FIRST_MASK + MASKS.length;
const STATE_KEY = NAME_KEY + 1;
const SESSION_KEY = STATE_KEY + 2;
const UNIT = ascii(' kB');
/** Signal 9 is bit 8. */
const SIGKILL_BIT = 8;

export const emptyPidStatus = (): PidStatus => {
  const out = {} as PidStatus;
  blankPidStatus(out);
  return out;
};

const blankPidStatus = (out: PidStatus): void => {
  out.state = out.uid = out.euid = out.session = out.nameFrom = out.nameEnd = ABSENT;
  out.tgid = out.ppid = out.threads = out.coreDumping = out.kthread = ABSENT;
  out.vmRssKiB = out.rssAnonKiB = out.rssFileKiB = out.rssShmemKiB = out.vmPteKiB = out.vmSwapKiB = ABSENT;
  out.vmExeKiB = out.vmLibKiB = ABSENT;
  out.threadSigkill = out.sharedSigkill = ABSENT;
};

/** Takes one known line whose value is [value, end); false when it is malformed. */
const take = (key: number, buf: Uint8Array, value: number, end: number, out: PidStatus): boolean => {
  if (key < FIRST_SIZE) {
    const number = uintBetween(buf, value, end);
    out[NUMBERS[key] as (typeof NUMBERS)[number]] = number;
    return number !== ABSENT;
  }
  if (key < FIRST_MASK) {
    const unit = digitsEnd(buf, value, end);
    const size = uintBetween(buf, value, unit);
    out[SIZES[key - FIRST_SIZE] as (typeof SIZES)[number]] = size;
    return size !== ABSENT && end - unit === UNIT.length && startsWith(buf, unit, end, UNIT);
  }
  if (key < NAME_KEY) {
    const bit = hexBit(buf, value, end, SIGKILL_BIT);
    out[MASKS[key - FIRST_MASK] as (typeof MASKS)[number]] = bit;
    return bit !== ABSENT;
  }
  if (key === STATE_KEY) {
    out.state = value < end ? at(buf, value) : ABSENT;
    return out.state !== ABSENT;
  }
  const realEnd = wordEnd(buf, value, end);
  if (key === SESSION_KEY) {
    out.session = uintBetween(buf, value, realEnd);
    return out.session !== ABSENT;
  }
  out.uid = uintBetween(buf, value, realEnd);
  const effective = skipBlanks(buf, realEnd, end);
  out.euid = uintBetween(buf, effective, wordEnd(buf, effective, end));
  return out.uid !== ABSENT && out.euid !== ABSENT;
};

const scan = (buf: Uint8Array, len: number, out: PidStatus): ParseFault | null => {
  let from = 0;
  while (from < len) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return faultAt(FILE, 'last line', 'cut off', buf, from, len);
    const colon = indexOfByte(buf, COLON, from, end);
    const key = colon === ABSENT ? ABSENT : findKey(KEYS, buf, from, colon);
    if (key === NAME_KEY) {
      // Behind the colon and one tab everything is the name, blanks included.
      out.nameFrom = Math.min(colon + 2, end);
      out.nameEnd = end;
    } else if (key !== ABSENT && !take(key, buf, skipBlanks(buf, colon + 1, end), end, out)) {
      return faultAt(FILE, latin1(buf, from, colon), 'not as the kernel prints it', buf, from, end);
    }
    from = end + 1;
  }
  if (out.state === ABSENT) return faultMissing(FILE, 'State');
  if (out.ppid === ABSENT) return faultMissing(FILE, 'PPid');
  if (out.uid === ABSENT) return faultMissing(FILE, 'Uid');
  // Behind the memory block: without it "no VmRSS" would not mean "has no memory".
  return out.threads === ABSENT ? faultMissing(FILE, 'Threads') : null;
};

/** Fills `out`; after a fault all its fields are ABSENT. */
export const parsePidStatus = (buf: Uint8Array, len: number, out: PidStatus): ParseFault | null => {
  blankPidStatus(out);
  const fault = scan(buf, len, out);
  if (fault !== null) blankPidStatus(out);
  return fault;
};

/** The name as the process set it, one character a byte; `buf` must still hold the text. Allocates. */
export const commOfStatus = (buf: Uint8Array, status: PidStatus): string =>
  status.nameFrom === ABSENT
    ? ''
    : latin1(buf, status.nameFrom, status.nameEnd).replace(/\\(n|\\)/g, (_, escaped) =>
        escaped === 'n' ? '\n' : '\\',
      );
