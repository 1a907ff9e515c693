/** Marks: thresholds that are a size, a share of the whole, or the smaller of both. */
import type { Mark } from './policy.ts';
import { ABSENT, WHOLE_PERMYRIAD } from './units.ts';

/** The mark in KiB for a host (or swap) of `totalKiB`; ABSENT when the mark is off. */
export const markKiB = (mark: Mark, totalKiB: number): number => {
  const share = mark.permyriad === ABSENT ? ABSENT : Math.floor((totalKiB * mark.permyriad) / WHOLE_PERMYRIAD);
  if (mark.kib === ABSENT) return share;
  return share === ABSENT ? mark.kib : Math.min(mark.kib, share);
};

/** Whether `amountKiB` is at or below the mark. An absent amount or a mark that is off is never reached. */
export const isReached = (mark: Mark, amountKiB: number, totalKiB: number): boolean => {
  if (amountKiB === ABSENT || totalKiB === ABSENT) return false;
  const kib = markKiB(mark, totalKiB);
  return kib !== ABSENT && amountKiB <= kib;
};
