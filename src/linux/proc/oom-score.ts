/**
 * /proc/PID/oom_score and /proc/PID/oom_score_adj (fs/proc/base.c), each one decimal and a newline:
 *
 *     666          oom_score: 0 to about 2000; 0 also for what the kernel has given up (kernel-facts 0.3, 4.5)
 *     -997         oom_score_adj: -1000 to 1000
 */
import { ABSENT } from '../../core/units.ts';
import { at, NEWLINE, uintBetween } from '../bytes.ts';

const MINUS = 0x2d;
/** include/uapi/linux/oom.h */
export const OOM_SCORE_ADJ_MIN = -1000;
export const OOM_SCORE_ADJ_MAX = 1000;
/** oom_score_adj could not be read: ABSENT is a valid one. SHRT_MIN, as the kernel keeps it in a short. */
export const NO_OOM_SCORE_ADJ = -32_768;

/** The score, or ABSENT when the text is not the kernel's, or cut off. */
export const parseOomScore = (buf: Uint8Array, len: number): number =>
  len > 0 && at(buf, len - 1) === NEWLINE ? uintBetween(buf, 0, len - 1) : ABSENT;

/** The adjustment, or NO_OOM_SCORE_ADJ. */
export const parseOomScoreAdj = (buf: Uint8Array, len: number): number => {
  const isNegative = len > 0 && at(buf, 0) === MINUS;
  if (len === 0 || at(buf, len - 1) !== NEWLINE) return NO_OOM_SCORE_ADJ;
  const size = uintBetween(buf, isNegative ? 1 : 0, len - 1);
  if (size === ABSENT || size > OOM_SCORE_ADJ_MAX) return NO_OOM_SCORE_ADJ;
  return isNegative ? 0 - size : size;
};
