import { describe, expect, it } from 'vitest';
import type { Dying } from '../../../src/core/dying.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { createRegister, type Register } from '../../../src/core/register/register.ts';
import { notePress, pressWouldFail, SYSRQ_SPACING_MS } from '../../../src/core/register/sysrq.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { aDying, following, killed } from '../support/registers.ts';
import { KNOWN, type Row, tableOf } from '../support/tables.ts';

const registerOf = (...entries: readonly Partial<Dying>[]): Register => {
  const register = createRegister();
  register.dying.push(...entries.map((each) => aDying(each)));
  return register;
};

const refused = (register: Register, nowMs: number, rows: readonly Partial<Row>[] = []): string =>
  pressWouldFail(register, tableOf(rows), nowMs);

describe('SysRq-f', () => {
  it('is pressed where nobody is dying', () => {
    expect(refused(registerOf(), 0, [{}])).toBe('');
  });

  it('is pressed again after four seconds: the kernel would choose the same one before', () => {
    const register = registerOf();
    notePress(register, 3, 1000);
    expect(refused(register, 1000 + SYSRQ_SPACING_MS - 1)).toContain('3999 ms ago');
    expect(refused(register, 1000 + SYSRQ_SPACING_MS)).toBe('');
    expect(SYSRQ_SPACING_MS).toBeGreaterThanOrEqual(4000);
  });

  it.each<[string, Partial<Dying>, number, boolean]>([
    ['a fresh victim', {}, 3999, true],
    ['a fresh victim of the kernel', { killedBy: 'kernel' }, 100, true],
    ['one whose mm the kernel has given up on by now', {}, 4000, false],
    ['one whose memory is back', { life: 'reaped' }, 100, false],
  ])('is held back by %s', (_, dying, nowMs, isRefused) => {
    expect(refused(registerOf(dying), nowMs)).toEqual(isRefused ? expect.stringContaining('process 7') : '');
  });

  it('looks at every victim, not at the first', () => {
    expect(refused(registerOf({ sinceMs: -9000 }, { pid: 8 }), 100)).toContain('process 8');
  });

  describe('under a swapoff that cannot die', () => {
    const ORIGIN = KNOWN | FLAG.ORIGIN;

    it.each<[string, Partial<Dying>[], Partial<Row>, boolean]>([
      ['is never pressed', [{ slot: 1 }], { flags: ORIGIN }, true],
      ['is never pressed, whoever killed it', [], { flags: ORIGIN | FLAG.SIGKILL_PENDING }, true],
      ['is pressed while it lives: it is the right one', [], { flags: ORIGIN }, false],
      ['is pressed when it is not one', [{ slot: 1 }], {}, false],
      ['is not held back by the slot of a former victim', [{ slot: 1, pid: 6 }], { flags: ORIGIN }, false],
    ])('%s', (_, entries, row, isRefused) => {
      const answer = refused(registerOf(...entries), 60_000, [{ pid: 5 }, { pid: 7, ...row }]);
      expect(answer).toEqual(isRefused ? expect.stringContaining('for ever') : '');
    });
  });
});

describe('after a press', () => {
  const pressed = (pressedOomKill: number) => {
    const followed = following();
    notePress(followed.register, pressedOomKill, 1000);
    return followed;
  };
  const isOpen = ({ register }: { register: Register }): boolean => register.isPressOpen;

  it('the counter proves that it did something', () => {
    const followed = pressed(3);
    expect(followed.at(1100, {}, { oomKill: 3 })).toEqual([]);
    expect(isOpen(followed)).toBe(true);
    expect(followed.at(1200, {}, { oomKill: 4 })).toEqual([]);
    expect(isOpen(followed)).toBe(false);
    expect(followed.at(9000, {}, { oomKill: 4 }).filter(({ kind }) => kind === 'kernel_note')).toEqual([]);
  });

  it('a record proves it as well, where there is no counter', () => {
    const followed = pressed(ABSENT);
    followed.at(1100, { kernel: [killed(7, 'sysrq')] }, { oomKill: 9 });
    expect(isOpen(followed)).toBe(false);
  });

  it('a record of an earlier kill proves nothing', () => {
    const followed = following();
    followed.at(900, { kernel: [killed(7)] });
    notePress(followed.register, ABSENT, 1000);
    followed.at(1100);
    expect(isOpen(followed)).toBe(true);
  });

  it('that did nothing is told after four seconds, once', () => {
    const followed = pressed(3);
    expect(followed.at(1000 + SYSRQ_SPACING_MS - 1, {}, { oomKill: 3 })).toEqual([]);
    expect(followed.at(1000 + SYSRQ_SPACING_MS, {}, { oomKill: 3 })).toMatchObject([
      { kind: 'kernel_note', note: 'sysrq_ignored' },
    ]);
    expect(followed.at(9000, {}, { oomKill: 3 })).toEqual([]);
  });

  it('that cannot be verified is told as well', () => {
    expect(pressed(ABSENT).at(5000)).toMatchObject([{ note: 'sysrq_ignored' }]);
  });
});
