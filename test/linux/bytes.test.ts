import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../src/core/units.ts';
import {
  ascii,
  at,
  digitsEnd,
  hexBit,
  indexOfByte,
  lastIndexOfByte,
  latin1,
  lineEnd,
  skipBlanks,
  startsWith,
  uintBetween,
  wordEnd,
} from '../../src/linux/bytes.ts';

const uint = (text: string): number => uintBetween(ascii(text), 0, text.length);
const bit = (text: string, index: number): number => hexBit(ascii(text), 0, text.length, index);

describe('uintBetween', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['000012', 12],
    ['999999999', 999_999_999],
    ['1000000000', 1_000_000_000],
    ['4294967295', 4_294_967_295],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('reads %s', (text, value) => expect(uint(text)).toBe(value));

  it.each(['', ' 1', '1 ', '-1', '+1', '1.0', '0x1', '9007199254740992', '18446744073709551615', '１'])(
    'refuses "%s"',
    (text) => expect(uint(text)).toBe(ABSENT),
  );

  it('reads what any safe integer prints', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => uint(String(value)) === value));
  });
});

describe('hexBit', () => {
  it('finds SIGKILL where the kernel prints it', () => {
    expect(bit('0000000000000100', 8)).toBe(1);
    expect(bit('0000000000000000', 8)).toBe(0);
    expect(bit('fffffffffffffeff', 8)).toBe(0);
    expect(bit('000001FFfeffffff', 24)).toBe(0);
  });

  it('refuses what is no mask, and one too short for the bit', () => {
    expect(bit('00000000000001g0', 8)).toBe(ABSENT);
    expect(bit('', 0)).toBe(ABSENT);
    expect(bit('10', 8)).toBe(ABSENT);
  });

  it('reads every bit of any mask', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(63), (mask, index) => {
        const text = mask.toString(16).padStart(16, '0');
        return bit(text, index) === Number((mask >> BigInt(index)) & 1n);
      }),
    );
  });
});

describe('positions', () => {
  const line = ascii('Name:\t  a) b)\nnext');

  it('are found inside the given range only', () => {
    expect(indexOfByte(line, 0x29, 0, line.length)).toBe(9);
    expect(lastIndexOfByte(line, 0x29, 0, line.length)).toBe(12);
    expect(lastIndexOfByte(line, 0x29, 0, 12)).toBe(9);
    expect(indexOfByte(line, 0x29, 0, 9)).toBe(ABSENT);
    expect(lineEnd(line, 0, line.length)).toBe(13);
    expect(lineEnd(line, 14, line.length)).toBe(ABSENT);
    expect(lineEnd(line, 0, 13)).toBe(ABSENT);
  });

  it('skip blanks, words and digits up to the end', () => {
    expect(skipBlanks(line, 5, line.length)).toBe(8);
    expect(skipBlanks(ascii('   '), 0, 3)).toBe(3);
    expect(wordEnd(line, 8, line.length)).toBe(10);
    expect(digitsEnd(ascii('12kB'), 0, 4)).toBe(2);
    expect(digitsEnd(ascii('1234'), 0, 2)).toBe(2);
  });

  it('beyond the buffer equal no byte', () => {
    expect(at(line, 1000)).toBeUndefined();
    expect(startsWith(line, line.length - 2, line.length, ascii('xtra'))).toBe(false);
    expect(startsWith(line, 0, line.length, ascii('Name:'))).toBe(true);
  });
});

it('latin1 loses no byte', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (buf) => Buffer.from(latin1(buf, 0, buf.length), 'latin1').equals(Buffer.from(buf))),
  );
});
