import { describe, expect, it } from 'vitest';
import { KERNEL_VERSIONS, type KernelVersion } from '../../../src/core/kernel-model/versions.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { GIB } from '../../../src/core/units.ts';
import { KNOWN } from '../support/tables.ts';
import { asked, type KernelRow, SYSRQ } from './situations.ts';

const size = (gib: number): KernelRow => ({ rssKiB: gib * GIB });
const flagged = (flag: number, gib = 1): KernelRow => ({ ...size(gib), flags: KNOWN | flag });
const MODERN: readonly KernelVersion[] = ['5.10', '6.1', '6.12', '7.2'];

describe('every kernel', () => {
  it.each(KERNEL_VERSIONS)(
    '%s takes the largest, passes those out of bounds, and panics without anybody',
    (version) => {
      const bounds = [FLAG.KTHREAD, FLAG.INIT, FLAG.GONE, FLAG.NO_MM].map((flag) => flagged(flag, 9));
      const nobody = [...bounds, { ...size(9), oomScoreAdj: -1000 }];
      expect(asked(version, [...nobody, size(1), size(3), size(2)])).toBe('kill 1006: largest');
      expect(asked(version, nobody)).toBe('panic nobody: no_killable');
      expect(asked(version, nobody, SYSRQ)).toBe('nothing nobody: no_killable');
    },
  );

  it.each(KERNEL_VERSIONS)('%s takes the last origin before all others', (version) => {
    expect(asked(version, [size(9), flagged(FLAG.ORIGIN, 2), flagged(FLAG.ORIGIN), size(8)])).toBe('kill 1002: origin');
  });

  it.each(KERNEL_VERSIONS)('%s waits for a fresh victim', (version) => {
    expect(asked(version, [size(9), { ...size(1), victimMs: 0 }, { ...size(1), victimMs: 0 }])).toBe(
      'wait 1001: waits_for_victim',
    );
  });
});

describe('a victim that does not go', () => {
  const rows = [{ ...size(9), victimMs: 60_000 }, size(1)];

  it.each([
    ['4.5', 'wait 1000: waits_for_victim'],
    ['4.5+patches', 'kill 1001: largest'],
    ['4.6', 'wait 1000: waits_for_victim'],
    ['4.7', 'kill 1001: largest'],
    ['7.2', 'kill 1001: largest'],
  ] as const)('is waited for as long as %s does', (version, expected) => {
    expect(asked(version, rows)).toBe(expected);
  });

  it.each([
    ['4.5+patches', 4999, 5000],
    ['4.9', 999, 1000],
    ['5.10', 2999, 3000],
  ] as const)('%s waits for %i ms and not for %i ms', (version, waits, ends) => {
    expect(asked(version, [{ ...size(9), victimMs: waits }, size(1)])).toBe('wait 1000: waits_for_victim');
    expect(asked(version, [{ ...size(9), victimMs: ends }, size(1)])).toBe('kill 1001: largest');
  });

  it('is waited for anew with each other victim: the timer of the patches is one for all', () => {
    const late = { ...size(1), victimMs: 100 };
    expect(asked('4.5+patches', [...rows, late])).toBe('wait 1000: waits_for_victim');
    expect(asked('6.1', [...rows, late])).toBe('wait 1002: waits_for_victim');
  });

  it('is not waited for once it is reaped, where there is a reaper', () => {
    const reaped: readonly KernelRow[] = [{ ...size(9), victimMs: 0, isReaped: true }, size(1)];
    expect(asked('4.5', reaped)).toBe('wait 1000: waits_for_victim');
    for (const version of ['4.6', '4.8', '4.9', '7.2'] as const)
      expect(asked(version, reaped)).toBe('kill 1001: largest');
  });

  it.each([
    ['4.5', 0, 'nothing 1000: already_victim_again'],
    ['4.5+patches', 0, 'kill 1001: largest'],
    ['6.1', 0, 'nothing 1000: already_victim_again'],
    ['6.1', 2999, 'nothing 1000: already_victim_again'],
    ['6.1', 3000, 'kill 1001: largest'],
  ] as const)('SysRq-f of %s, %i ms later: %s', (version, victimMs, expected) => {
    expect(asked(version, [{ ...size(9), victimMs }, size(1)], SYSRQ)).toBe(expected);
  });

  it('has threads beside the marked one, which 4.5 looks at by themselves once the timer has ended', () => {
    const threads = [{ ...size(9), victimMs: 60_000, threads: 2 }, size(1)];
    expect(asked('4.5+patches', threads)).toBe('kill 1001: largest');
    // Its other thread is the first choice, and then patch 1 finds nobody to kill.
    const origin = [{ ...flagged(FLAG.ORIGIN, 9), victimMs: 60_000, threads: 2 }, size(1)];
    expect(asked('4.5+patches', origin)).toBe('nothing 1000: already_victim_again');
  });
});

describe('an origin', () => {
  const stuck = [{ ...flagged(FLAG.ORIGIN), victimMs: 60_000, isReaped: true as const }, size(9)];
  const unkillable = [{ ...flagged(FLAG.ORIGIN), oomScoreAdj: -1000 }, size(9)];

  it.each(KERNEL_VERSIONS)('that is a stuck victim is selected again by SysRq-f: %s', (version) => {
    const isPatched = version === '4.5+patches';
    expect(asked(version, stuck, SYSRQ)).toBe(isPatched ? 'kill 1001: largest' : 'nothing 1000: already_victim_again');
  });

  it('is forgotten as a victim with its reaping from 4.6 to 4.8, and the first choice once more', () => {
    expect(asked('4.8', stuck)).toBe('nothing 1000: already_victim_again');
    expect(asked('4.9', stuck)).toBe('kill 1001: largest');
  });

  it.each(KERNEL_VERSIONS)('at -1000 is killed: %s', (version) => {
    for (const differences of [{}, SYSRQ]) {
      const isPatched = version === '4.5+patches';
      expect(asked(version, unkillable, differences)).toBe(isPatched ? 'kill 1001: largest' : 'kill 1000: origin');
    }
  });
});

describe('a process in exit', () => {
  const rows = [flagged(FLAG.EXITING), size(9)];

  it('ends every search of 4.5 but that of SysRq-f, unless it dumps core or is an origin', () => {
    expect(asked('4.5', rows)).toBe('wait 1000: waits_for_exiting');
    expect(asked('4.5', rows, SYSRQ)).toBe('kill 1001: largest');
    expect(asked('4.5', [flagged(FLAG.EXITING | FLAG.CORE_DUMPING), size(9)])).toBe('kill 1001: largest');
    expect(asked('4.5', [flagged(FLAG.EXITING | FLAG.ORIGIN), size(9)])).toBe('wait 1000: marks_exiting');
  });

  it('is one of many later', () => {
    for (const version of ['4.5+patches', '4.6', '7.2'] as const)
      expect(asked(version, rows)).toBe('kill 1001: largest');
  });

  it.each([
    ['4.5+patches', {}, 'wait 1000: marks_exiting'],
    ['4.5+patches', { threads: 2 }, 'wait 1000: marks_exiting'],
    ['4.7', {}, 'wait 1000: marks_exiting'],
    ['4.7', { threads: 2 }, 'kill 1000: largest'],
    ['7.2', { flags: KNOWN | FLAG.EXITING | FLAG.CORE_DUMPING }, 'kill 1000: largest'],
    ['4.5+patches', { flags: KNOWN | FLAG.EXITING | FLAG.CORE_DUMPING }, 'kill 1000: largest'],
    // A SIGKILL from anybody: nobody has to kill it again.
    ['4.5', { flags: KNOWN | FLAG.SIGKILL_PENDING }, 'kill 1000: largest'],
    ['7.2', { flags: KNOWN | FLAG.SIGKILL_PENDING, threads: 9 }, 'wait 1000: marks_exiting'],
  ] as const)('is let go by %s when it is the largest: %o', (version, row, expected) => {
    expect(asked(version, [{ ...flagged(FLAG.EXITING, 9), ...row }, size(1)])).toBe(expected);
  });

  it('is killed since 4.8 when one that shares its mm stays', () => {
    const leaver = { ...flagged(FLAG.EXITING, 9), mmGroup: 0 };
    const sharers = [leaver, { ...size(8), mmGroup: 0 }, size(1)];
    expect(asked('4.7', sharers)).toBe('wait 1000: marks_exiting');
    expect(asked('4.8', sharers)).toBe('kill 1000: largest');
    expect(asked('4.8', [leaver, { ...flagged(FLAG.SIGKILL_PENDING), mmGroup: 0 }])).toBe('wait 1000: marks_exiting');
  });
});

describe('whoever allocates', () => {
  const allocating = (currentSlot: number) => ({ oomKillAllocatingTask: true, currentSlot });

  it.each(KERNEL_VERSIONS)('dies under vm.oom_kill_allocating_task, whoever is being killed already: %s', (version) => {
    const rows = [size(9), size(1), { ...size(2), victimMs: 0 }];
    const isPatched = version === '4.5+patches';
    expect(asked(version, rows, allocating(1))).toBe(
      isPatched ? 'wait 1002: waits_for_victim' : 'kill 1001: allocating_task',
    );
    expect(asked(version, rows.slice(0, 2), allocating(1))).toBe('kill 1001: allocating_task');
    expect(asked(version, rows.slice(0, 2), { ...allocating(1), ...SYSRQ })).toBe('kill 1000: largest');
  });

  it('is spared at -1000 and without an mm', () => {
    expect(asked('6.1', [{ ...size(9), oomScoreAdj: -1000 }, size(1)], allocating(0))).toBe('kill 1001: largest');
    expect(asked('6.1', [flagged(FLAG.KTHREAD), size(1)], allocating(0))).toBe('kill 1001: largest');
  });

  it('is let go when it leaves anyway', () => {
    const killed = [flagged(FLAG.SIGKILL_PENDING | FLAG.CORE_DUMPING), size(9)];
    expect(asked('4.5', killed, { currentSlot: 0 })).toBe('wait 1000: marks_exiting');
    expect(asked('7.2', killed, { currentSlot: 0 })).toBe('kill 1001: largest');
    expect(asked('7.2', [flagged(FLAG.EXITING), size(9)], { currentSlot: 0 })).toBe('wait 1000: marks_exiting');
    const reaped: KernelRow = { ...size(1), victimMs: 0, isReaped: true };
    expect(asked('7.2', [reaped, size(9)], { currentSlot: 0 })).toBe('kill 1001: largest');
  });
});

describe('children', () => {
  const family = [size(9), { ...size(1), ppid: 1000 }, { ...size(2), ppid: 1000 }, { ...size(2), ppid: 1000 }, size(5)];

  it('are killed in place of their parent until 5.0: the largest, and the first of equals', () => {
    for (const version of ['4.5', '4.9'] as const) expect(asked(version, family)).toBe('kill 1002: sacrificed_child');
    expect(asked('5.1', family)).toBe('kill 1000: largest');
  });

  it('are not when they are out of bounds or share its mm', () => {
    const spared = [
      { ...size(9), mmGroup: 0 },
      { ...size(8), ppid: 1000, mmGroup: 0 },
      { ...size(1), ppid: 1000, oomScoreAdj: -1000 },
      { ...flagged(FLAG.NO_MM), ppid: 1000 },
    ];
    expect(asked('4.5', spared)).toBe('kill 1000: largest');
    expect(asked('4.5', [...spared, { ...size(1), ppid: 1000, mmGroup: 3 }])).toBe('kill 1004: sacrificed_child');
  });

  it('are killed again and again under vm.oom_kill_allocating_task', () => {
    const rows = [size(9), { ...size(1), ppid: 1000, victimMs: 60_000 }];
    const differences = { oomKillAllocatingTask: true, currentSlot: 0 };
    expect(asked('4.5', rows, differences)).toBe('nothing 1001: already_victim_again');
    expect(asked('4.5+patches', rows, differences)).toBe('kill 1000: allocating_task');
  });

  it('of vfork are candidates until 4.7 only', () => {
    const rows = [
      { ...size(1), mmGroup: 0 },
      { ...size(9), ppid: 1000, mmGroup: 0, oomScore: 0 },
    ];
    expect(asked('4.7', rows)).toBe('kill 1001: largest');
    expect(asked('4.8', rows)).toBe('kill 1000: largest');
    // Cloned without CLONE_VFORK; with a parent that has another mm; with a parent that is not there.
    const [parent = {}, child = {}] = rows;
    expect(asked('4.8', [parent, { ...child, oomScore: 700 }])).toBe('kill 1001: largest');
    expect(asked('4.8', [{ ...parent, mmGroup: 1 }, child])).toBe('kill 1001: largest');
    expect(asked('4.8', [parent, { ...child, ppid: 7 }])).toBe('kill 1001: largest');
  });
});

describe('equals', () => {
  const equals = [size(1), size(1), { ...size(1), startTimeTicks: 400 }];

  it('go to the elder until 5.2, and to the younger later', () => {
    expect(asked('4.5', equals)).toBe('kill 1002: largest');
    expect(asked('5.1', equals)).toBe('kill 1002: largest');
    expect(asked('5.3', equals)).toBe('kill 1001: largest');
  });

  it('give way in 4.5 when it is a thread without its leader that was chosen', () => {
    const zombie = flagged(FLAG.ZOMBIE_LEADER);
    expect(asked('4.5', [zombie, size(1), zombie])).toBe('kill 1001: largest');
    expect(asked('4.5', [size(1), zombie])).toBe('kill 1000: largest');
    expect(asked('4.5', [zombie, zombie])).toBe('kill 1001: largest');
    expect(asked('5.1', [zombie, size(1)])).toBe('kill 1000: largest');
  });

  it('are all that have a badness below 1, until 5.8', () => {
    const negative = [
      { ...size(2), oomScoreAdj: -500 },
      { ...size(1), oomScoreAdj: -999 },
    ];
    expect(asked('5.3', negative)).toBe('kill 1001: largest');
    for (const version of MODERN) expect(asked(version, negative)).toBe('kill 1000: largest');
  });
});
