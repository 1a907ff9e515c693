import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { faultText } from '../../../src/linux/proc/parse-fault.ts';
import { emptyPressure, parsePressure } from '../../../src/linux/proc/pressure.ts';
import { pressureText } from '../../support/kernel-text.ts';
import { bytes, expectCutsAreSeen, expectNoInputBreaks, fixtureText } from './format.ts';

const out = emptyPressure();
const parse = (buf: Uint8Array, len: number) => parsePressure('pressure/io', buf, len, out);
const parseText = (text: string) => parse(bytes(text), text.length);

describe('parsePressure', () => {
  it('reads both lines of Linux 6.12', () => {
    expect(parseText(fixtureText('pressure-cpu-6.12'))).toBeNull();
    expect(out).toEqual({ someUs: 702_361, fullUs: 0, someAvg10Permyriad: 415, fullAvg10Permyriad: 0 });
  });

  it('leaves "full" ABSENT where cpu has none', () => {
    expect(parseText(fixtureText('pressure-cpu-5.10'))).toBeNull();
    expect(out).toMatchObject({ someUs: 437_342, fullUs: ABSENT, fullAvg10Permyriad: ABSENT });
  });

  it.each([
    ['some avg10=0.1 avg60=0.00 avg300=0.00 total=1\n', 'pressure/io: avg10 not as the kernel prints it'],
    ['some avg10=x avg60=0.00 avg300=0.00 total=1\n', 'pressure/io: avg10 not as the kernel prints it'],
    ['some avg10=0.00 avg60=0.00 avg300=0.00 total=\n', 'pressure/io: total not as the kernel prints it'],
    ['some avg10=0.00 avg60=0.00 avg300=0.00\n', 'pressure/io: total not as the kernel prints it'],
    ['some avg10=0.00 total=12', 'pressure/io: last line cut off'],
    ['full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n', 'pressure/io: some missing'],
    ['', 'pressure/io: some missing'],
  ])('says what is wrong with %j', (text, said) => {
    const fault = parseText(text);
    expect(fault && faultText(fault)).toMatch(said);
    expect(out).toEqual(emptyPressure());
  });

  it('reads back what is printed', () => {
    const percent = fc.nat(10_000);
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), percent, percent, (someUs, fullUs, some, full) => {
        const text = pressureText({ someUs, fullUs, someAvg10: some / 100, fullAvg10: full / 100 });
        expect(parseText(text)).toBeNull();
        expect(out).toEqual({ someUs, fullUs, someAvg10Permyriad: some, fullAvg10Permyriad: full });
      }),
    );
  });

  it('sees every cut', () => expectCutsAreSeen(parse, fixtureText('pressure-io-6.18'), () => out, ABSENT));
  it('is broken by no input', () => expectNoInputBreaks(parse, fixtureText('pressure-io-6.18')));
});
