/**
 * /proc/spl/kstat/zfs/arcstats of OpenZFS (module/zfs/arc.c): a head of two lines, then "name type data":
 *
 *     13 1 0x01 123 33456 5000000 9000000
 *     name                            type data
 *     c_min                           4    1048576000
 *     size                            4    8589934592
 *
 * MemAvailable does not know the ARC (openzfs/zfs#10255). It shrinks down to c_min when the kernel asks, slowly.
 */
import type { Holder } from '../../core/holder.ts';

const kibOf = (text: string, name: string): number => {
  const digits = new RegExp(`^${name} +4 +(\\d{1,19})$`, 'm').exec(text)?.[1];
  return digits === undefined ? 0 : Math.round(Number(digits) / 1024);
};

/** None where the text has no size. */
export const parseArcstats = (text: string): Holder[] => {
  const sizeKiB = kibOf(text, 'size');
  const floorMiB = Math.round(kibOf(text, 'c_min') / 1024);
  return sizeKiB === 0 ? [] : [{ kind: 'arc', name: `ZFS, shrinks to ${floorMiB} MiB`, sizeKiB }];
};
