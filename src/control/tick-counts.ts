/** Ticks counted by lateness or duration. Integers alone: under the interpreter a fraction would be a heap number a tick. */

export interface TickCounts {
  readonly boundsMs: readonly number[];
  /** Ticks at or below each bound and above the one before; the last: above all bounds. */
  readonly counts: Uint32Array;
  sumMs: number;
}

export const createTickCounts = (boundsMs: readonly number[]): TickCounts => ({
  boundsMs,
  counts: new Uint32Array(boundsMs.length + 1),
  sumMs: 0,
});

export const countTick = (ticks: TickCounts, ms: number): void => {
  const { boundsMs, counts } = ticks;
  let at = 0;
  while (at < boundsMs.length && ms > (boundsMs[at] as number)) at++;
  counts[at] = (counts[at] as number) + 1;
  ticks.sumMs += ms;
};

/** Writes the counts as Prometheus has them, each with those below it, then how many in all, then their sum. */
export const putTickCounts = ({ counts, sumMs }: TickCounts, into: Float64Array, first: number): void => {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) {
    sum += counts[at] as number;
    into[first + at] = sum;
  }
  into[first + counts.length] = sumMs;
};
