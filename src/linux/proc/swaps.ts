/**
 * /proc/swaps (mm/swapfile.c, swap_show), a heading, then one record an area; sizes in KiB, a negative priority is the
 * kernel's own choice, and blanks, newlines and backslashes of the path are octal:
 *
 *     Filename				Type		Size		Used		Priority
 *     /dev/zram0                              partition	8388604		1536		100
 *     /swap\040file                           file		2097148		0		-2
 */

import { unescapeOctal } from './mountinfo.ts';
import { faultInText, type ParseFault } from './parse-fault.ts';

export interface SwapArea {
  readonly path: string;
  readonly sizeKiB: number;
  readonly usedKiB: number;
  readonly priority: number;
}

const LINE = /^(\S+)\s+\S+\s+(\d{1,15})\s+(\d{1,15})\s+(-?\d{1,9})$/;

/** Adds the areas to `out`. Read at start only, so as text. */
export const parseSwaps = (text: string, out: SwapArea[]): ParseFault | null => {
  const lines = text.split('\n');
  if (lines.pop() !== '') return faultInText('swaps', 'last line', lines.at(-1) ?? '');
  for (const line of lines.slice(1)) {
    const [, path, size, used, priority] = LINE.exec(line) ?? [];
    if (path === undefined) return faultInText('swaps', 'area', line);
    out.push({ path: unescapeOctal(path), sizeKiB: Number(size), usedKiB: Number(used), priority: Number(priority) });
  }
  return null;
};
