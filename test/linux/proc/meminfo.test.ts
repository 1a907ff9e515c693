import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySample } from '../../../src/core/sample.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { parseMeminfo } from '../../../src/linux/proc/meminfo.ts';
import { faultText } from '../../../src/linux/proc/parse-fault.ts';
import { meminfoText } from '../../support/kernel-text.ts';
import { bytes, expectCutsAreSeen, expectNoInputBreaks, fixtureText, KERNELS, withStaleTail } from './format.ts';

const out = emptySample();
const parse = (buf: Uint8Array, len: number) => parseMeminfo(buf, len, out);
const parseText = (text: string) => parse(bytes(text), text.length);

describe('parseMeminfo', () => {
  it.each([...KERNELS, '6.18'])('reads the file of Linux %s', (kernel) => {
    expect(parseText(fixtureText(`meminfo-${kernel}`))).toBeNull();
    expect(out.memTotalKiB).toBeGreaterThan(400_000);
    expect(out.memAvailableKiB).toBeGreaterThan(300_000);
    expect(out.swapTotalKiB).toBe(0);
    expect(out.hugetlbKiB).toBe(0);
  });

  it('takes each field from its own line', () => {
    expect(parseText(fixtureText('meminfo-6.18'))).toBeNull();
    expect(out).toMatchObject({
      memTotalKiB: 24_684_096,
      swapFreeKiB: 0,
      writebackKiB: 0,
      activeFileKiB: expect.any(Number),
    });
    expect(out.activeFileKiB + out.inactiveFileKiB).toBeLessThan(out.memTotalKiB - out.memFreeKiB);
  });

  it('leaves what a kernel does not print ABSENT', () => {
    expect(parseText('MemTotal: 8 kB\nMemFree: 4 kB\nMemAvailable: 5 kB\n')).toBeNull();
    expect(out).toMatchObject({ memAvailableKiB: 5, hugetlbKiB: ABSENT, swapTotalKiB: ABSENT });
  });

  it.each([
    ['MemFree: x kB\n', 'meminfo: MemFree not as the kernel prints it: "MemFree: x kB"'],
    ['MemFree: 12 MB\n', 'meminfo: MemFree not as the kernel prints it: "MemFree: 12 MB"'],
    ['MemFree: 12\n', 'meminfo: MemFree not as the kernel prints it: "MemFree: 12"'],
    ['MemFree: -1 kB\n', 'meminfo: MemFree not as the kernel prints it: "MemFree: -1 kB"'],
    ['MemFree: 1 kB\n', 'meminfo: MemTotal missing'],
    ['', 'meminfo: MemTotal missing'],
    ['MemTotal: 1 kB\nMemFree: 1 kB\n', 'meminfo: MemAvailable missing'],
    ['MemTotal: 1 kB\nMemFree: 1', 'meminfo: last line cut off: "MemFree: 1"'],
  ])('says what is wrong with %j', (text, said) => {
    const fault = parseText(text);
    expect(fault && faultText(fault)).toBe(said);
    expect(out.memFreeKiB).toBe(ABSENT);
    expect(out.memTotalKiB).toBe(ABSENT);
  });

  it('ignores what an earlier reading left behind the text', () => {
    const { buf, len } = withStaleTail('MemTotal: 8 kB\nMemFree: 4 kB\nMemAvailable: 5 kB\n', 'Shmem: 9 kB\n');
    expect(parse(buf, len)).toBeNull();
    expect(out.shmemKiB).toBe(ABSENT);
  });

  it('reads back what is printed', () => {
    const kib = fc.nat(2 ** 40);
    fc.assert(
      fc.property(kib, kib, kib, kib, (total, free, swap, inactive) => {
        const text = meminfoText({ MemTotal: total, MemFree: free, SwapFree: swap, 'Inactive(file)': inactive });
        expect(parseText(text)).toBeNull();
        expect(out).toMatchObject({
          memTotalKiB: total,
          memFreeKiB: free,
          swapFreeKiB: swap,
          inactiveFileKiB: inactive,
        });
      }),
    );
  });

  it('sees every cut', () => expectCutsAreSeen(parse, fixtureText('meminfo-6.12'), () => out, ABSENT));
  it('is broken by no input', () => expectNoInputBreaks(parse, fixtureText('meminfo-6.12')));
});
