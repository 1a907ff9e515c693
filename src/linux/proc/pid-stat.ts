/**
 * /proc/PID/stat (fs/proc/array.c, do_task_stat), one record and one line, were it not for the name:
 *
 *     97 (a b) R 1 1) S 1 0 0 0 -1 4194304 49 0 0 0 ...
 *
 * pid, the name in parentheses with any byte in it (parentheses, blanks, newlines; up to 64 bytes), then numbers from
 * field 3 on: 3 state, 4 ppid, 9 flags, 12 majflt, 14 utime (clock ticks), 20 num_threads, 22 starttime (clock ticks since
 * boot), 23 vsize (bytes), 31 the signals pending for this thread (its low 31 bits, decimal).
 * Only numbers follow the name, so it ends at the last ')' (kernel-facts 4.2).
 *
 * Since the 2026 stable kernels this file waits for exec_update_lock and can hang (kernel-facts 0.5): status is for the
 * loop, this for where somebody can wait.
 */
import { ABSENT } from '../../core/units.ts';
import { at, CLOSING_PAREN, lastIndexOfByte, NEWLINE, SPACE, uintBetween, wordEnd } from '../bytes.ts';
import { faultAt, faultMissing, type ParseFault } from './parse-fault.ts';

const FILE = 'PID/stat';

export interface PidStat {
  pid: number;
  /** The letter as a byte: see TASK_STATE in pid-status.ts. */
  state: number;
  ppid: number;
  /** Task flags (include/linux/sched.h), PF below. */
  flags: number;
  majorFaults: number;
  utimeTicks: number;
  threads: number;
  startTimeTicks: number;
  vsizeBytes: number;
  /** Bit 8: SIGKILL (task->pending.signal; kernel-facts 4.2). */
  pendingMask: number;
  /** Where the name stands in the buffer: it is not escaped there. */
  commFrom: number;
  commEnd: number;
}

type StatField = Exclude<keyof PidStat, 'pid' | 'state' | 'commFrom' | 'commEnd'>;

/** Task flags with the same meaning from 5.10 to 7.2 (kernel-facts 4.2). */
export const PF = { EXITING: 0x4, MEMALLOC: 0x800, KTHREAD: 0x200000 } as const;

/** Fields that are kept, by their number in proc(5). */
const FIELDS: readonly (StatField | null)[] = [
  ...[null, null, null, null],
  'ppid',
  ...[null, null, null, null],
  'flags',
  ...[null, null],
  ...(['majorFaults', null, 'utimeTicks'] as const),
  ...[null, null, null, null, null],
  'threads',
  null,
  'startTimeTicks',
  'vsizeBytes',
  ...[null, null, null, null, null, null, null],
  'pendingMask',
];
const FIRST_NUMBER = 4;

export const emptyPidStat = (): PidStat => ({
  pid: ABSENT,
  state: ABSENT,
  ppid: ABSENT,
  flags: ABSENT,
  majorFaults: ABSENT,
  utimeTicks: ABSENT,
  threads: ABSENT,
  startTimeTicks: ABSENT,
  vsizeBytes: ABSENT,
  pendingMask: ABSENT,
  commFrom: ABSENT,
  commEnd: ABSENT,
});

const blankPidStat = (out: PidStat): void => {
  out.pid = out.state = out.ppid = out.flags = ABSENT;
  out.majorFaults = out.utimeTicks = out.threads = out.startTimeTicks = out.vsizeBytes = ABSENT;
  out.pendingMask = out.commFrom = out.commEnd = ABSENT;
};

const scan = (buf: Uint8Array, len: number, out: PidStat): ParseFault | null => {
  if (len === 0) return faultMissing(FILE, 'pid');
  // The name may hold newlines, so the whole text is the line; cut off, its last number may be too short.
  if (at(buf, len - 1) !== NEWLINE) return faultAt(FILE, 'the line', 'cut off', buf, 0, len);
  const end = len - 1;
  const paren = lastIndexOfByte(buf, CLOSING_PAREN, 0, end);
  const pidEnd = wordEnd(buf, 0, end);
  out.pid = uintBetween(buf, 0, pidEnd);
  if (out.pid === ABSENT || paren === ABSENT || paren + 3 >= end) {
    return faultAt(FILE, 'pid (comm) state', 'not as the kernel prints it', buf, 0, end);
  }
  // " (" lies between the pid and the name.
  out.commFrom = pidEnd + 2;
  out.commEnd = paren;
  out.state = at(buf, paren + 2);
  let from = paren + 3;
  for (let number = FIRST_NUMBER; number < FIELDS.length; number++) {
    if (at(buf, from) !== SPACE || from >= end) return faultMissing(FILE, `field ${number}`);
    const stop = wordEnd(buf, from + 1, end);
    const field = FIELDS[number] ?? null;
    if (field !== null) {
      out[field] = uintBetween(buf, from + 1, stop);
      if (out[field] === ABSENT) return faultAt(FILE, field, 'not as the kernel prints it', buf, paren, end);
    }
    from = stop;
  }
  return null;
};

/** Fills `out`; after a fault all its fields are ABSENT. */
export const parsePidStat = (buf: Uint8Array, len: number, out: PidStat): ParseFault | null => {
  blankPidStat(out);
  const fault = scan(buf, len, out);
  if (fault !== null) blankPidStat(out);
  return fault;
};
