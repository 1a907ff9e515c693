/** What every parser test needs: bytes from text, fixtures, and the promise that no input breaks a parser. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ParseFault } from '../../../src/linux/proc/parse-fault.ts';
import { fixture } from '../../support/fake-proc.ts';

/** One character a byte. */
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

export const KERNELS = ['5.10', '6.1', '6.12', '7.2'] as const;

export const fixtureText = (name: string): string => fixture(name).toString('latin1');

type Parser = (buf: Uint8Array, len: number) => ParseFault | null;

/** Random bytes, and a real text with one byte changed or a piece cut out: the parser answers, it does not throw. */
export const expectNoInputBreaks = (parse: Parser, realText: string): void => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => parse(noise, noise.length) !== undefined));
  const real = bytes(realText);
  fc.assert(
    fc.property(fc.nat(real.length - 1), fc.nat(255), fc.nat(40), (at, byte, cut) => {
      const changed = Buffer.from(real);
      changed[at] = byte;
      const shorter = Buffer.concat([real.subarray(0, at), real.subarray(Math.min(real.length, at + cut))]);
      return parse(changed, changed.length) !== undefined && parse(shorter, shorter.length) !== undefined;
    }),
    { numRuns: 300 },
  );
};

/**
 * Cut after any byte, each number is as in the whole text or absent: never a shorter number, never a partial sum.
 * `read` gives the parsed numbers.
 */
export const expectCutsAreSeen = <T extends object>(
  parse: Parser,
  text: string,
  read: () => T,
  absent: number,
): void => {
  const whole = bytes(text);
  expect(parse(whole, whole.length)).toBeNull();
  const right = { ...read() };
  for (let len = 0; len < whole.length; len++) {
    const fault = parse(whole, len);
    const got = { ...read() };
    for (const [field, value] of Object.entries(got)) {
      if (value === absent) continue;
      if (value !== right[field as keyof T]) throw new Error(`cut at ${len}: ${field} became ${value}`);
    }
    if (whole[len - 1] !== 0x0a && fault === null) throw new Error(`cut at ${len}: no fault`);
  }
};

/** Bytes behind `len` are those of an earlier, longer reading: they must not count. */
export const withStaleTail = (text: string, tail: string): { buf: Uint8Array; len: number } => ({
  buf: bytes(text + tail),
  len: text.length,
});
