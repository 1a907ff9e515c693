/** The files that are read once, as text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { softLimitOf } from '../../../src/linux/proc/limits.ts';
import { isAtLeast, parseOsrelease } from '../../../src/linux/proc/osrelease.ts';
import { faultText } from '../../../src/linux/proc/parse-fault.ts';
import { type FileMapping, parseSelfMaps } from '../../../src/linux/proc/self-maps.ts';
import { parseSwaps, type SwapArea, swapUseOf } from '../../../src/linux/proc/swaps.ts';
import { fixtureText } from './format.ts';

describe('parseSwaps', () => {
  it('reads no area from a heading alone', () => {
    const areas: SwapArea[] = [];
    expect(parseSwaps(fixtureText('swaps-none-6.12'), areas)).toBeNull();
    expect(areas).toEqual([]);
  });

  it('reads partitions and files, escapes and negative priorities', () => {
    const areas: SwapArea[] = [];
    expect(parseSwaps(fixtureText('swaps-zram-6.12'), areas)).toBeNull();
    expect(areas).toEqual([
      { path: '/dev/zram0', sizeKiB: 8_388_604, usedKiB: 1536, priority: 100 },
      { path: '/swap file\\two (deleted)', sizeKiB: 2_097_148, usedKiB: 0, priority: -2 },
    ]);
  });

  it('names a line that it cannot read', () => {
    const fault = parseSwaps('Filename\n/dev/sda partition x 0 -2\n', []);
    expect(fault && faultText(fault)).toBe('swaps: area not as the kernel prints it: "/dev/sda partition x 0 -2"');
    expect(parseSwaps('Filename\n/dev/sda part', [])?.field).toBe('last line');
    fc.assert(fc.property(fc.string(), (text) => parseSwaps(text, []) !== undefined));
  });
});

describe('swapUseOf', () => {
  const area = (path: string, sizeKiB: number, usedKiB: number, priority: number): SwapArea => ({
    ...{ path, sizeKiB, usedKiB, priority },
  });

  it.each([
    ['no area', [], 0, 0],
    ['what is used', [area('/dev/zram0', 100, 40, 5), area('/dev/sda2', 900, 7, 9)], 7, 40],
    ['the first to be used', [area('/dev/zram0', 100, 0, 5), area('/dev/sda2', 900, 0, -2)], 0, 100],
    ['areas that are used in turn', [area('/dev/zram1', 100, 0, 5), area('/swap', 900, 0, 5)], 900, 100],
    ['a file that is called like it', [area('/mnt/dev/zram0', 100, 3, 5), area('/dev/zram', 100, 4, 5)], 7, 0],
  ])('has %s', (_, areas, onDiskKiB, onZramKiB) => {
    expect(swapUseOf(areas)).toEqual({ onDiskKiB, onZramKiB });
  });
});

describe('parseSelfMaps', () => {
  it('finds the files of a node process, with addresses exact to the page', () => {
    const mappings: FileMapping[] = [];
    expect(parseSelfMaps(fixtureText('maps-node-6.18'), mappings)).toBeNull();
    expect(new Set(mappings.map(({ path }) => path.replace(/.*\//, '')))).toContain('node');
    for (const { start, end, path } of mappings) {
      expect(path).toMatch(/^\/usr\//);
      expect(start % 4096).toBe(0);
      expect(end).toBeGreaterThan(start);
    }
    expect(mappings).toHaveLength(43);
  });

  it('leaves out anonymous memory, the stack, memfds, shared memory and devices', () => {
    const mappings: FileMapping[] = [];
    const line = (path: string, inode: number) => `7f0000000000-7f0000001000 rw-s 00000000 00:01 ${inode}   ${path}\n`;
    const text = ['', '[heap]', '[anon: x]'].map((path) => line(path, 0)).join('');
    const special = [
      '/memfd:jit (deleted)',
      '/dev/zero (deleted)',
      '/SYSV00000000 (deleted)',
      '/anon_hugepage (deleted)',
    ];
    const vsyscall = 'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n';
    expect(parseSelfMaps(text + special.map((path) => line(path, 9)).join('') + vsyscall, mappings)).toBeNull();
    expect(mappings).toEqual([]);
    expect(parseSelfMaps(line('/usr/lib/a b.so', 9), mappings)).toBeNull();
    expect(mappings).toEqual([{ start: 0x7f0000000000, end: 0x7f0000001000, perms: 'rw-s', path: '/usr/lib/a b.so' }]);
  });

  it('names a line that it cannot read', () => {
    expect(parseSelfMaps('7f-80 r--p 0 00:00\n', [])?.field).toBe('mapping');
    expect(parseSelfMaps('7f00', [])?.field).toBe('last line');
    fc.assert(fc.property(fc.string(), (text) => parseSelfMaps(text, []) !== undefined));
  });
});

describe('parseOsrelease', () => {
  it.each([
    ['5.10.0-46-cloud-amd64', 5, 10, 0],
    ['7.2.13+deb14-cloud-amd64\n', 7, 2, 13],
    ['6.19-rc3', 6, 19, 0],
    ['6.18.44-fc-v595', 6, 18, 44],
    ['10.0', 10, 0, 0],
  ])('reads %j', (text, major, minor, patch) => expect(parseOsrelease(text)).toEqual({ major, minor, patch }));

  it.each(['', 'linux', '6', '6.', 'v6.1'])('refuses %j', (text) => expect(parseOsrelease(text)).toBeNull());

  it('orders versions by number', () => {
    const version = { major: 5, minor: 10, patch: 0 };
    expect(isAtLeast(version, 5, 10)).toBe(true);
    expect(isAtLeast(version, 5, 9)).toBe(true);
    expect(isAtLeast(version, 5, 15)).toBe(false);
    expect(isAtLeast({ major: 6, minor: 1, patch: 0 }, 5, 10)).toBe(true);
    expect(isAtLeast({ major: 4, minor: 19, patch: 0 }, 5, 10)).toBe(false);
  });
});

describe('softLimitOf', () => {
  const text = fixtureText('limits-6.12');
  it('reads numbers, "unlimited" and what is not there', () => {
    expect(softLimitOf(text, 'Max open files')).toBe(1024);
    expect(softLimitOf(text, 'Max locked memory')).toBe(8_388_608);
    expect(softLimitOf(text, 'Max cpu time')).toBe(Number.POSITIVE_INFINITY);
    expect(softLimitOf(text, 'Max')).toBe(ABSENT);
    expect(softLimitOf('', 'Max open files')).toBe(ABSENT);
  });
});
