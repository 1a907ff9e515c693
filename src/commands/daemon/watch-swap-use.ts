/** Where swap lies, read off the loop: now and then in calm times, every few seconds while memory is near its marks. */
import type { State } from '../../core/state.ts';
import { unknownSwapUse } from '../../core/swap-use.ts';
import { LEVEL } from '../../core/verdict.ts';
import { parseSwaps, type SwapArea, swapUseOf } from '../../linux/proc/swaps.ts';
import { readText } from '../../linux/read-text.ts';
import type { Host } from './host.ts';
import { createPaced } from './paced.ts';
import type { Watchers } from './watchers.ts';

/** Somebody may add an area while the host runs. */
const CALM_MS = 60_000;
/** A heap that is being swapped out fills some hundred MiB in it. */
const APPROACH_MS = 2000;

export const watchSwapUse = ({ roots }: Pick<Host, 'roots'>, state: State): Watchers => {
  let use = unknownSwapUse();

  const reading = createPaced(async () => {
    const areas: SwapArea[] = [];
    // Without CONFIG_SWAP there is no such file: then there is no swap either.
    const text = await readText(`${roots.proc}/swaps`).catch(() => null);
    if (text !== null && parseSwaps(text, areas) === null) use = swapUseOf(areas);
  });

  return {
    run: (nowMs) => {
      // Opening a file allocates: in an emergency what is known must do.
      if (state.level < LEVEL.TERM) reading.run(state.level === LEVEL.APPROACH ? APPROACH_MS : CALM_MS, nowMs);
    },
    take: ({ swapUse }) => {
      swapUse.onDiskKiB = use.onDiskKiB;
      swapUse.onZramKiB = use.onZramKiB;
    },
    isWaiting: reading.isUnderWay,
  };
};
