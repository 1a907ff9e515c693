/** What detection hands to the later stages. */

/** Index into LEVELS of core/event.ts: comparing levels is comparing numbers. */
export const LEVEL = { CALM: 0, APPROACH: 1, TERM: 2, KILL: 3 } as const;

/** Bits by index into DETECTORS of core/event.ts. */
export const DETECTED = { MEM_AVAILABLE: 1, SWAP_FREE: 2, THRASH: 4, FORECAST: 8 } as const;

export interface Verdict {
  /** One of LEVEL. */
  level: number;
  /** Bits of DETECTED. */
  detectors: number;
  /** Milliseconds until memory and swap are gone at the present slope; ABSENT while nothing is lost. */
  exhaustionMs: number;
  /** KiB of MemAvailable above the term mark, negative below it. All of MemAvailable when the mark is off. */
  headroomKiB: number;
}
