import { describe, expect, it } from 'vitest';
import type { Dying } from '../../../src/core/dying.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { createRegister, type Register } from '../../../src/core/register/register.ts';
import { pressWouldFail, SYSRQ_SPACING_MS } from '../../../src/core/register/sysrq.ts';
import { aDying } from '../support/registers.ts';
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
    register.press.atMs = 1000;
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
