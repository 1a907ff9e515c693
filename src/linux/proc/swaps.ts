/**
 * /proc/swaps (mm/swapfile.c, swap_show), a heading, then one record an area; sizes in KiB, a negative priority is the
 * kernel's own choice, and blanks, newlines and backslashes of the path are octal:
 *
 *     Filename				Type		Size		Used		Priority
 *     /dev/zram0                              partition	8388604		1536		100
 *     /swap\040file                           file		2097148		0		-2
 */

import type { SwapUse } from '../../core/swap-use.ts';
import { unescapeOctal } from './mountinfo.ts';
import { faultInText, type ParseFault } from './parse-fault.ts';

export interface SwapArea {
  readonly path: string;
  readonly sizeKiB: number;
  readonly usedKiB: number;
  readonly priority: number;
}

const LINE = /^(\S+)\s+\S+\s+(\d{1,15})\s+(\d{1,15})\s+(-?\d{1,9})$/;

/** Adds the areas to `out`. Read at start and off the loop, so as text. */
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

const isZram = ({ path }: SwapArea): boolean => /^\/dev\/zram\d+$/.test(path);

/** What lies where; while nothing is swapped out, the area of the highest priority stands for what will be. */
export const swapUseOf = (areas: readonly SwapArea[]): SwapUse => {
  const use = { onDiskKiB: 0, onZramKiB: 0 };
  const isUsed = areas.some(({ usedKiB }) => usedKiB > 0);
  const highest = Math.max(...areas.map(({ priority }) => priority));
  for (const area of areas) {
    const kib = isUsed ? area.usedKiB : area.priority === highest ? area.sizeKiB : 0;
    if (isZram(area)) use.onZramKiB += kib;
    else use.onDiskKiB += kib;
  }
  return use;
};
