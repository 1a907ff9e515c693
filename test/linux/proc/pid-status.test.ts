import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { faultText } from '../../../src/linux/proc/parse-fault.ts';
import { commOfStatus, emptyPidStatus, parsePidStatus, TASK_STATE } from '../../../src/linux/proc/pid-status.ts';
import { withDefaults } from '../../support/fake-process.ts';
import { anyComm, HOSTILE_COMMS } from '../../support/hostile-comm.ts';
import { pidStatusText } from '../../support/kernel-text.ts';
import { bytes, expectCutsAreSeen, expectNoInputBreaks, fixtureText, KERNELS } from './format.ts';

const out = emptyPidStatus();
const parse = (buf: Uint8Array, len: number) => parsePidStatus(buf, len, out);
const parseText = (text: string) => parse(bytes(text), text.length);
const NO_MEMORY = { vmRssKiB: ABSENT, rssAnonKiB: ABSENT, vmPteKiB: ABSENT, vmSwapKiB: ABSENT, coreDumping: ABSENT };
const NO_CODE = { vmExeKiB: ABSENT, vmLibKiB: ABSENT };

describe('parsePidStatus', () => {
  it.each(KERNELS)('reads init of Linux %s', (kernel) => {
    expect(parseText(fixtureText(`status-init-${kernel}`))).toBeNull();
    expect(out).toMatchObject({ tgid: 1, ppid: 0, uid: 0, euid: 0, threads: 1, vmSwapKiB: 0, coreDumping: 0 });
    expect(out.vmRssKiB).toBe(out.rssAnonKiB + out.rssFileKiB + out.rssShmemKiB);
    expect(out.vmPteKiB).toBeGreaterThan(0);
    expect(out.vmExeKiB).toBe(Number(/^VmExe:\s+(\d+) kB$/m.exec(fixtureText(`status-init-${kernel}`))?.[1]));
    expect(out.vmLibKiB).toBe(Number(/^VmLib:\s+(\d+) kB$/m.exec(fixtureText(`status-init-${kernel}`))?.[1]));
    expect(out.kthread).toBe(kernel === '5.10' || kernel === '6.1' ? ABSENT : 0);
  });

  it.each(KERNELS)('finds no memory in a kernel thread of Linux %s', (kernel) => {
    const text = fixtureText(`status-kworker-${kernel}`);
    expect(parseText(text)).toBeNull();
    expect(out).toMatchObject({ ...NO_MEMORY, ...NO_CODE, ppid: 2, threads: 1 });
    expect(commOfStatus(bytes(text), out)).toMatch(/^kworker\//);
  });

  it.each(KERNELS)('sees the zombie leader of Linux %s, and the memory that its thread holds', (kernel) => {
    expect(parseText(fixtureText(`status-zombie-leader-${kernel}`))).toBeNull();
    expect(out).toMatchObject({ ...NO_MEMORY, ...NO_CODE, state: TASK_STATE.ZOMBIE, threads: 2 });
    const leader = out.tgid;
    expect(parseText(fixtureText(`status-zombie-leaders-thread-${kernel}`))).toBeNull();
    expect(out).toMatchObject({ tgid: leader, threads: 2 });
    // It wrote 20 MiB; up to 6.1 each thread keeps the last 64 pages of its count to itself (kernel-facts 4.3).
    expect(out.rssAnonKiB).toBeGreaterThan(20_480 - 64 * 4);
  });

  it.each([
    ['spoofed-stat', 'a b) R 1 1'],
    ['newline-backslash', 'a\nb\\c'],
    ['half-utf8', 'abcdefghijklm\xe2\x82'],
    ['paren', ') R 1'],
  ])('reads the hostile name of the kernel file "%s"', (name, comm) => {
    const text = fixtureText(`status-comm-${name}-6.12`);
    expect(parseText(text)).toBeNull();
    expect(commOfStatus(bytes(text), out)).toBe(comm);
    expect(out).toMatchObject({ ppid: 1, threads: 1 });
  });

  it('shows who is dumping core', () => {
    parseText(fixtureText('status-init-6.12').replace('CoreDumping:\t0', 'CoreDumping:\t1'));
    expect(out.coreDumping).toBe(1);
  });

  it('shows who has SIGKILL pending', () => {
    const text = fixtureText('status-init-6.12');
    parseText(text);
    expect(out).toMatchObject({ threadSigkill: 0, sharedSigkill: 0 });
    parseText(text.replace('ShdPnd:\t0000000000000000', 'ShdPnd:\t0000000000004100'));
    expect(out).toMatchObject({ threadSigkill: 0, sharedSigkill: 1 });
    parseText(text.replace('SigPnd:\t0000000000000000', 'SigPnd:\t0000000000000100'));
    expect(out).toMatchObject({ threadSigkill: 1, sharedSigkill: 0 });
  });

  it('tells real from effective uid, up to the largest', () => {
    parseText(fixtureText('status-init-6.12').replace('Uid:\t0\t0', 'Uid:\t4294967294\t1000'));
    expect(out).toMatchObject({ uid: 4_294_967_294, euid: 1000 });
  });

  it('does not take a status for whole whose groups push the rest out of the buffer', () => {
    const groups = `Groups:\t${'100000 '.repeat(9000)}\n`;
    const text = fixtureText('status-init-6.12').replace('Groups:\t \n', groups);
    expect(parse(bytes(text), 16_384)?.problem).toBe('cut off');
    expect(out).toEqual(emptyPidStatus());
    expect(parseText(text)).toBeNull();
  });

  it.each([
    ['VmRSS:\t12 pages\n', 'PID/status: VmRSS not as the kernel prints it: "VmRSS:\\x0912 pages"'],
    ['PPid:\t-1\n', 'PID/status: PPid not as the kernel prints it: "PPid:\\x09-1"'],
    ['Uid:\t0\n', 'PID/status: Uid not as the kernel prints it: "Uid:\\x090"'],
    ['ShdPnd:\txyz\n', 'PID/status: ShdPnd not as the kernel prints it: "ShdPnd:\\x09xyz"'],
    ['State:\t\n', 'PID/status: State not as the kernel prints it: "State:\\x09"'],
    ['State:\tS (sleeping)\n', 'PID/status: PPid missing'],
    ['State:\tS (sleeping)\nPPid:\t1\n', 'PID/status: Uid missing'],
    ['State:\tS\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t 4 kB\n', 'PID/status: Threads missing'],
    ['', 'PID/status: State missing'],
  ])('says what is wrong with %j', (text, said) => {
    const fault = parseText(text);
    expect(fault && faultText(fault)).toBe(said);
    expect(out).toEqual(emptyPidStatus());
  });

  it('reads back what is printed, whatever the name', () => {
    const comm = fc.oneof(anyComm, fc.constantFrom(...HOSTILE_COMMS));
    const size = fc.option(fc.nat(2 ** 40));
    fc.assert(
      fc.property(comm, size, fc.nat(99_999), fc.boolean(), (name, rssKiB, pid, sigkillPending) => {
        const process = withDefaults({ pid, comm: name, rssKiB, sigkillPending, swapKiB: 7 });
        const text = pidStatusText(process);
        expect(parseText(text)).toBeNull();
        expect(commOfStatus(bytes(text), out)).toBe(name);
        expect(out).toMatchObject({
          ...{ tgid: pid, ppid: 1, uid: 1000, euid: 1000, threads: 1, sharedSigkill: sigkillPending ? 1 : 0 },
          ...(rssKiB === null ? NO_MEMORY : { vmRssKiB: rssKiB, rssAnonKiB: rssKiB, vmSwapKiB: 7, vmPteKiB: 48 }),
        });
      }),
    );
  });

  it('sees every cut', () => {
    // Where the name ends in the buffer is no number of the process.
    const numbers = () => ({ ...out, nameFrom: ABSENT, nameEnd: ABSENT });
    expectCutsAreSeen(parse, fixtureText('status-node-6.18'), numbers, ABSENT);
  });
  it('is broken by no input', () => expectNoInputBreaks(parse, fixtureText('status-comm-spoofed-stat-6.12')));
});

it('commOfStatus gives "" for a status that did not parse', () => {
  parseText('');
  expect(commOfStatus(bytes(''), out)).toBe('');
});
