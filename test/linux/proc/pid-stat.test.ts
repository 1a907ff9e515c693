import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { faultText } from '../../../src/linux/proc/parse-fault.ts';
import { emptyPidStat, PF, parsePidStat } from '../../../src/linux/proc/pid-stat.ts';
import { TASK_STATE } from '../../../src/linux/proc/pid-status.ts';
import { withDefaults } from '../../support/fake-process.ts';
import { anyComm, HOSTILE_COMMS } from '../../support/hostile-comm.ts';
import { pidStatText } from '../../support/kernel-text.ts';
import { bytes, expectCutsAreSeen, expectNoInputBreaks, fixtureText, KERNELS } from './format.ts';

const out = emptyPidStat();
const parse = (buf: Uint8Array, len: number) => parsePidStat(buf, len, out);
const parseText = (text: string) => parse(bytes(text), text.length);
const SLEEPING = 0x53;

describe('parsePidStat', () => {
  it.each(['spoofed-stat', 'newline-backslash', 'half-utf8', 'paren'])('reads behind the hostile name "%s"', (name) => {
    expect(parseText(fixtureText(`stat-comm-${name}-6.12`))).toBeNull();
    expect(out).toMatchObject({ state: SLEEPING, ppid: 1, flags: 0x400000, threads: 1, majorFaults: 0 });
    expect(out.startTimeTicks).toBeGreaterThan(100);
    expect(out.vsizeBytes).toBeGreaterThan(1_000_000);
  });

  it.each(KERNELS)('knows a kernel thread of Linux %s by its flag', (kernel) => {
    expect(parseText(fixtureText(`stat-kworker-${kernel}`))).toBeNull();
    expect(out.flags & PF.KTHREAD).not.toBe(0);
    expect(out).toMatchObject({ ppid: 2, vsizeBytes: 0 });
  });

  it.each(KERNELS)('sees a zombie leader with live threads on Linux %s', (kernel) => {
    expect(parseText(fixtureText(`stat-zombie-leader-${kernel}`))).toBeNull();
    expect(out).toMatchObject({ state: TASK_STATE.ZOMBIE, threads: 2, vsizeBytes: 0 });
    expect(out.flags & PF.EXITING).not.toBe(0);
  });

  it.each([
    ['', 'PID/stat: pid missing'],
    ['12 (sleep) S 1', 'PID/stat: the line cut off: "12 (sleep) S 1"'],
    ['12 sleep S 1\n', 'PID/stat: pid (comm) state not as the kernel prints it: "12 sleep S 1"'],
    ['x (sleep) S 1\n', 'PID/stat: pid (comm) state not as the kernel prints it: "x (sleep) S 1"'],
    ['12 (sleep) S\n', 'PID/stat: pid (comm) state not as the kernel prints it: "12 (sleep) S"'],
    ['12 (sleep) S 1 2\n', 'PID/stat: field 6 missing'],
    ['12 (sleep) S -1 2\n', 'PID/stat: ppid not as the kernel prints it: ") S -1 2"'],
  ])('says what is wrong with %j', (text, said) => {
    const fault = parseText(text);
    expect(fault && faultText(fault)).toBe(said);
    expect(out).toEqual(emptyPidStat());
  });

  it('reads back what is printed, whatever the name', () => {
    const comm = fc.oneof(anyComm, fc.constantFrom(...HOSTILE_COMMS));
    fc.assert(
      fc.property(comm, fc.maxSafeNat(), fc.nat(2 ** 32 - 1), fc.nat(99_999), (name, startTimeTicks, flags, pid) => {
        const process = withDefaults({ pid, comm: name, startTimeTicks, flags, ppid: 77, threads: 5, rssKiB: 4 });
        const text = pidStatText({ ...process, utimeTicks: 71, pendingMask: 0x100 });
        expect(parseText(text)).toBeNull();
        const { commFrom, commEnd, ...numbers } = out;
        expect(numbers).toEqual({
          ...{ pid, state: SLEEPING, ppid: 77, flags, majorFaults: 3, threads: 5, startTimeTicks, vsizeBytes: 8192 },
          ...{ utimeTicks: 71, pendingMask: 0x100 },
        });
        expect(text.slice(commFrom, commEnd)).toBe(name);
      }),
    );
  });

  it('sees every cut, inside a name that looks like a stat line too', () => {
    expectCutsAreSeen(parse, fixtureText('stat-comm-spoofed-stat-6.12'), () => out, ABSENT);
    const spoof = `(${'1 (a) S 2 3 4 5 6 7 8 9 10 11 12 13'})\n`;
    for (let len = 0; len < spoof.length; len++) expect(parse(bytes(`7 ${spoof}`), len)).not.toBeNull();
  });
  it('is broken by no input', () => expectNoInputBreaks(parse, fixtureText('stat-comm-spoofed-stat-6.12')));
});
