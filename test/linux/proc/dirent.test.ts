import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { collectPids } from '../../../src/linux/proc/dirent.ts';

/** A linux_dirent64 as the kernel lays it out: padded to 8 bytes. */
const record = (name: string): Buffer => {
  const buf = Buffer.alloc(Math.ceil((20 + name.length) / 8) * 8, 0xee);
  buf.writeBigUInt64LE(4_026_531_840n, 0);
  buf.writeBigInt64LE(256n, 8);
  buf.writeUInt16LE(buf.length, 16);
  buf.writeUInt8(4, 18);
  buf.write(`${name}\0`, 19, 'latin1');
  return buf;
};
const listing = (names: readonly string[]): Buffer => Buffer.concat(names.map(record));
const collect = (buf: Buffer, capacity = 16, count = 0) => {
  const pids = new Int32Array(capacity);
  const found = collectPids(buf, buf.length, pids, count);
  return { found, pids: [...pids].slice(count, Math.max(count, found)) };
};

describe('collectPids', () => {
  it('takes the names that are pids, and no others', () => {
    const names = ['.', '..', 'fs', '1', 'meminfo', '42', '4194304', '12345678', '7x', 'x7', 'self'];
    expect(collect(listing(names))).toEqual({ found: 3, pids: [1, 42, 4_194_304] });
  });

  it('goes on behind what an earlier call found', () => {
    expect(collect(listing(['8', '9']), 16, 3)).toEqual({ found: 5, pids: [8, 9] });
  });

  it('counts what does not fit', () => {
    expect(collect(listing(['1', '2', '3', '4']), 2).found).toBe(4);
  });

  it('finds nothing in an empty listing', () => expect(collect(Buffer.alloc(0)).found).toBe(0));

  it.each([
    ['a record of length 0', (buf: Buffer) => buf.writeUInt16LE(0, 16)],
    ['a record that is all header', (buf: Buffer) => buf.writeUInt16LE(19, 16)],
    ['a record longer than the buffer', (buf: Buffer) => buf.writeUInt16LE(4096, 16)],
    ['a name without an end', (buf: Buffer) => buf.fill(0x31, 19)],
  ])('refuses %s', (_, spoil) => {
    const buf = listing(['1']);
    spoil(buf);
    expect(collect(buf).found).toBe(ABSENT);
  });

  it('reads back what is printed', () => {
    const name = fc.oneof(fc.nat(4_194_304).map(String), fc.stringMatching(/^[a-z]{1,30}$/));
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const pids = names.filter((each) => /^\d+$/.test(each)).map(Number);
        expect(collect(listing(names), 64)).toEqual({ found: pids.length, pids });
      }),
    );
  });

  it('is broken by no bytes, and never loops', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => collect(Buffer.from(noise)).found >= ABSENT));
    const real = listing(['1', '22', 'self', '333']);
    for (let len = 0; len < real.length; len++) {
      expect(collect(real.subarray(0, len)).found).toBeLessThanOrEqual(2);
    }
  });
});
