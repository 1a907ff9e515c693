/** Which sources of numbers a host may lack; what control tells of them is the event "source". */

/**
 * What they tell is told in another way as well, so one that was never there is no fault:
 * - pressure/io, pressure/cpu: details beside a verdict on memory. PSI is one switch: where it is off, pressure/memory says so.
 * - oom_trace: kills that the kernel log tells of, too. What neither tells of, vmstat counts (register/cross-check.ts).
 */
const MAY_LACK: ReadonlySet<string> = new Set(['pressure/io', 'pressure/cpu', 'oom_trace']);

/** Whether it is a fault that a source cannot be read: one that has ever been readable, or that is needed, should be. */
export const isFault = (name: string, hasBeenUp: boolean): boolean => hasBeenUp || !MAY_LACK.has(name);
