import { describe, expect, it } from 'vitest';
import { contextAsSeen } from '../../../src/core/kernel-model/seen.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { KNOWN, tableOf } from '../support/tables.ts';

const KILLED = KNOWN | FLAG.SIGKILL_PENDING;

describe('what is seen of a process, as the kernel would have it', () => {
  it.each([
    ['healthy', {}, false, false],
    ['healthy, its oom_score reads 0', { oomScore: 0 }, false, false],
    ['SIGKILL pending', { flags: KILLED }, true, false],
    ['SIGKILL pending, oom_score 0', { flags: KILLED, oomScore: 0 }, true, true],
    [
      'SIGKILL pending, oom_score 0, as that of anybody at -990',
      { flags: KILLED, oomScore: 0, oomScoreAdj: -990 },
      true,
      false,
    ],
    ['the same, one above', { flags: KILLED, oomScore: 0, oomScoreAdj: -989 }, true, true],
  ])('%s', (_, row, isVictim, isReaped) => {
    const seen = contextAsSeen(tableOf([{ rssKiB: GIB, oomScore: 700, ...row }]), false, () => 1);
    expect([seen.isVictim(0), seen.isReaped(0)]).toEqual([isVictim, isReaped]);
  });

  it('who will allocate is not known, and every victim is a fresh one', () => {
    const badness = (): number => 7;
    const seen = contextAsSeen(tableOf([{ flags: KILLED }]), true, badness);
    expect(seen).toMatchObject({ sysrq: true, oomKillAllocatingTask: false, currentSlot: ABSENT, badness });
    expect(seen.sinceKillMs(0)).toBe(0);
  });
});
