import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySample } from '../../../src/core/sample.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { faultText } from '../../../src/linux/proc/parse-fault.ts';
import { parseVmstat } from '../../../src/linux/proc/vmstat.ts';
import { bytes, expectCutsAreSeen, expectNoInputBreaks, fixtureText, KERNELS } from './format.ts';

const out = emptySample();
const parse = (buf: Uint8Array, len: number) => parseVmstat(buf, len, out);
const parseText = (text: string) => parse(bytes(text), text.length);

/** The fixture with each wanted counter set to a number of its own. */
const withCounters = (text: string, numbers: Readonly<Record<string, number>>): string =>
  text.replace(/^(\S+) \d+$/gm, (line, name) => (name in numbers ? `${name} ${numbers[name]}` : line));

const NUMBERS = {
  ...{ allocstall_dma: 1, allocstall_dma32: 10, allocstall_normal: 100, allocstall_movable: 1000 },
  ...{ pgscan_direct: 2, pgscan_direct_throttle: 77_777, pgsteal_direct: 3, pgscan_kswapd: 4, pgsteal_kswapd: 5 },
  ...{ workingset_refault_anon: 6, workingset_refault_file: 7, workingset_activate_file: 8 },
  ...{ workingset_activate_anon: 66_666, pswpin: 9, pswpout: 11, pgmajfault: 12, oom_kill: 13 },
};
const EXPECTED = {
  ...{ allocstall: 1111, pgscanDirect: 2, pgstealDirect: 3, pgscanKswapd: 4, pgstealKswapd: 5, refaultAnon: 6 },
  ...{ refaultFile: 7, activateFile: 8, pswpin: 9, pswpout: 11, pgmajfault: 12, oomKill: 13 },
};

describe('parseVmstat', () => {
  it.each([...KERNELS, '6.18'])('takes each counter of Linux %s from its own line', (kernel) => {
    expect(parseText(withCounters(fixtureText(`vmstat-${kernel}`), NUMBERS))).toBeNull();
    expect(out).toMatchObject(EXPECTED);
  });

  it('reads this host as it was', () => {
    expect(parseText(fixtureText('vmstat-6.18'))).toBeNull();
    expect(out.refaultFile).toBeGreaterThan(0);
    expect(out.oomKill).toBe(0);
  });

  it('knows the names before 4.8 and 5.9', () => {
    expect(parseText('workingset_refault 5\nworkingset_activate 6\nallocstall 7\npgmajfault 8\n')).toBeNull();
    expect(out).toMatchObject({ refaultFile: 5, refaultAnon: ABSENT, activateFile: 6, allocstall: 7, oomKill: ABSENT });
  });

  it.each([
    ['pgmajfault -1\n', 'vmstat: pgmajfault not as the kernel prints it: "pgmajfault -1"'],
    ['pgmajfault \n', 'vmstat: pgmajfault not as the kernel prints it: "pgmajfault "'],
    ['oom_kill 1 2\n', 'vmstat: oom_kill not as the kernel prints it: "oom_kill 1 2"'],
    ['allocstall_dma 1\nallocstall_normal 2\n', 'vmstat: pgmajfault missing'],
    ['nr_free_pages', 'vmstat: last line cut off: "nr_free_pages"'],
    ['', 'vmstat: pgmajfault missing'],
  ])('says what is wrong with %j', (text, said) => {
    const fault = parseText(text);
    expect(fault && faultText(fault)).toBe(said);
    expect(out.allocstall).toBe(ABSENT);
  });

  it('skips lines of any other name', () => {
    const name = fc.stringMatching(/^[a-z_]{1,20}$/).filter((text) => !(text in NUMBERS));
    fc.assert(
      fc.property(name, fc.maxSafeNat(), (other, value) => {
        const text = `nr_${other} ${value}\npgmajfault ${value}\n`;
        expect(parseText(text)).toBeNull();
        expect(out).toMatchObject({ pgmajfault: value, allocstall: ABSENT });
      }),
    );
  });

  it.each(KERNELS)('sees every cut in the file of Linux %s', (kernel) => {
    expectCutsAreSeen(parse, withCounters(fixtureText(`vmstat-${kernel}`), NUMBERS), () => out, ABSENT);
  });
  it('is broken by no input', () => expectNoInputBreaks(parse, fixtureText('vmstat-6.18')));
});
