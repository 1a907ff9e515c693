/** Units of the core: integers in KiB, pages, permyriad and monotonic milliseconds. */

/** A number that could not be read. Absent is not zero: every consumer decides what to do without it. */
export const ABSENT = -1;

/** KiB in one MiB and one GiB. */
export const MIB = 1024;
export const GIB = 1024 * 1024;

/** 100 % in permyriad, the integer percent of systemd's oomd-util.h (two digits behind the point). */
export const WHOLE_PERMYRIAD = 10_000;
