/** Values that are fine alone and wrong together. */
import type { Mark } from '../core/policy.ts';
import { ABSENT, GIB, MIB } from '../core/units.ts';
import type { Path } from './problem.ts';
import type { Settings } from './schema.ts';

export interface Conflict {
  /** All values involved; the place told is the one that was set last. */
  readonly paths: readonly Path[];
  readonly message: string;
}

const MARKS = ['mem_available', 'swap_free'] as const;

const formatSize = (kib: number): string => {
  if (kib >= GIB && kib % GIB === 0) return `${kib / GIB}GiB`;
  return kib >= MIB && kib % MIB === 0 ? `${kib / MIB}MiB` : `${kib}KiB`;
};

const formatMark = ({ kib, permyriad }: Mark): string => {
  const share = `${permyriad / 100}%`;
  if (kib === ABSENT) return permyriad === ABSENT ? 'off' : share;
  return permyriad === ABSENT ? formatSize(kib) : `min(${share}, ${formatSize(kib)})`;
};

const isOff = ({ kib, permyriad }: Mark): boolean => kib === ABSENT && permyriad === ABSENT;

/** Bound by bound: a share and a size can only be compared where the size of the host is known. */
const isAbove = (mark: Mark, limit: Mark): boolean =>
  (limit.kib !== ABSENT && mark.kib > limit.kib) || (limit.permyriad !== ABSENT && mark.permyriad > limit.permyriad);

const killAboveTerm = ({ detect }: Settings): Conflict[] =>
  MARKS.filter((name) => isAbove(detect.kill[name], detect.term[name])).map((name) => ({
    paths: [
      ['detect', 'kill', name],
      ['detect', 'term', name],
    ],
    message: `the kill mark ${formatMark(detect.kill[name])} is above the term mark ${formatMark(detect.term[name])}: SIGKILL would come before SIGTERM; lower detect.kill.${name} or raise detect.term.${name}`,
  }));

/** "and" with one mark off would wait for a mark that never comes. */
const levelNeverReached = ({ detect }: Settings): Conflict[] =>
  (['term', 'kill'] as const).flatMap((level) =>
    MARKS.filter((name) => isOff(detect[level][name]) && !MARKS.every((other) => isOff(detect[level][other]))).map(
      (name) => ({
        paths: [
          ['detect', level, name],
          ['detect', 'combine'],
        ],
        message: `with "combine: and" level "${level}" needs both marks, and ${name} is off: it would never be reached on a host with swap; write "combine: or"`,
      }),
    ),
  );

/** Every conflict among valid settings. */
export const findConflicts = (settings: Settings): Conflict[] => {
  const { pace, act, detect } = settings;
  const conflicts = killAboveTerm(settings);
  if (detect.combine === 'and') conflicts.push(...levelNeverReached(settings));
  if (pace.min > pace.max) {
    const message = `pace.min is ${pace.min}ms and above pace.max, ${pace.max}ms; lower one or raise the other`;
    conflicts.push({
      paths: [
        ['pace', 'min'],
        ['pace', 'max'],
      ],
      message,
    });
  }
  if (act.hold_off > act.victim_timeout) {
    const message = `act.hold_off is ${act.hold_off}ms and above act.victim_timeout, ${act.victim_timeout}ms: no victim could be found stuck before the next kill is allowed; lower hold_off`;
    conflicts.push({
      paths: [
        ['act', 'hold_off'],
        ['act', 'victim_timeout'],
      ],
      message,
    });
  }
  return conflicts;
};
