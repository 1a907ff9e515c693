/**
 * /proc/pressure/{memory,io,cpu} (kernel/sched/psi.c, psi_show), one record:
 *
 *     some avg10=0.10 avg60=0.19 avg300=0.09 total=2232566
 *     full avg10=0.10 avg60=0.19 avg300=0.09 total=2112052
 *
 * avgN is percent with two digits, an exponential average that needs about N seconds to rise; total is microseconds since
 * boot, brought up to date by every read. cpu has no "full" line before 5.13. Without CONFIG_PSI or with psi=0 the files
 * do not exist; reading answers EOPNOTSUPP when it was switched off later (kernel-facts 4.9).
 */
import { ABSENT } from '../../core/units.ts';
import { ascii, at, digitsEnd, lineEnd, SPACE, startsWith, uintBetween } from '../bytes.ts';
import { faultAt, faultMissing, type ParseFault } from './parse-fault.ts';

export interface Pressure {
  someUs: number;
  fullUs: number;
  someAvg10Permyriad: number;
  fullAvg10Permyriad: number;
}

export const emptyPressure = (): Pressure => ({
  someUs: ABSENT,
  fullUs: ABSENT,
  someAvg10Permyriad: ABSENT,
  fullAvg10Permyriad: ABSENT,
});

const SOME = ascii('some avg10=');
const FULL = ascii('full avg10=');
const TOTAL = ascii('total=');
const POINT = 0x2e;

export const blankPressure = (out: Pressure): void => {
  out.someUs = ABSENT;
  out.fullUs = ABSENT;
  out.someAvg10Permyriad = ABSENT;
  out.fullAvg10Permyriad = ABSENT;
};

/** "12.34" as 1234. */
const permyriadAt = (buf: Uint8Array, from: number, end: number): number => {
  const point = digitsEnd(buf, from, end);
  const whole = uintBetween(buf, from, point);
  const hundredths = uintBetween(buf, point + 1, point + 3);
  const isRight = at(buf, point) === POINT && at(buf, point + 3) === SPACE && point + 3 < end;
  return isRight && whole !== ABSENT && hundredths !== ABSENT ? whole * 100 + hundredths : ABSENT;
};

/** The number behind "total=", which ends the line. */
const totalAt = (buf: Uint8Array, from: number, end: number): number => {
  for (let i = from; i < end; i++) {
    if (at(buf, i) === SPACE && startsWith(buf, i + 1, end, TOTAL)) return uintBetween(buf, i + 1 + TOTAL.length, end);
  }
  return ABSENT;
};

const scan = (file: string, buf: Uint8Array, len: number, out: Pressure): ParseFault | null => {
  let from = 0;
  while (from < len) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return faultAt(file, 'last line', 'cut off', buf, from, len);
    const isSome = startsWith(buf, from, end, SOME);
    if (isSome || startsWith(buf, from, end, FULL)) {
      const avg10 = permyriadAt(buf, from + SOME.length, end);
      const total = totalAt(buf, from, end);
      if (avg10 === ABSENT) return faultAt(file, 'avg10', 'not as the kernel prints it', buf, from, end);
      if (total === ABSENT) return faultAt(file, 'total', 'not as the kernel prints it', buf, from, end);
      if (isSome) {
        out.someUs = total;
        out.someAvg10Permyriad = avg10;
      } else {
        out.fullUs = total;
        out.fullAvg10Permyriad = avg10;
      }
    }
    from = end + 1;
  }
  return out.someUs === ABSENT ? faultMissing(file, 'some') : null;
};

/** Fills `out`; `file` is the name for messages. After a fault all fields are ABSENT. */
export const parsePressure = (file: string, buf: Uint8Array, len: number, out: Pressure): ParseFault | null => {
  blankPressure(out);
  const fault = scan(file, buf, len, out);
  if (fault !== null) blankPressure(out);
  return fault;
};
