/** Where what is swapped out lies (/proc/swaps): on disks and in files, or compressed in memory. Read off the loop. */
import { ABSENT } from './units.ts';

export interface SwapUse {
  /** KiB; ABSENT: not read yet. */
  onDiskKiB: number;
  /** In zram, before compression. */
  onZramKiB: number;
}

export const unknownSwapUse = (): SwapUse => ({ onDiskKiB: ABSENT, onZramKiB: ABSENT });
