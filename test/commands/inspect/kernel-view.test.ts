import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/commands/inspect/judge.ts';
import { kernelView, kernelWordsOf, versionOf } from '../../../src/commands/inspect/kernel-view.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { KNOWN, type Row, tableOf } from '../../core/support/tables.ts';
import { defaultPolicy } from '../../support/policy.ts';

const hog: Partial<Row> = { pid: 7, comm: 'hog', rssKiB: 9 * GIB };
const swapoff: Partial<Row> = { pid: 8, comm: 'swapoff', rssKiB: 4, flags: KNOWN | FLAG.ORIGIN, oomScoreAdj: -1000 };

const viewOf = (rows: readonly Partial<Row>[], release = '6.1', yaml = '', sysctl = 0) => {
  const table = tableOf(rows);
  const policy = defaultPolicy(yaml);
  const version = versionOf(release);
  if (version === null) throw new Error(`no model for ${release}`);
  const view = kernelView(table, policy, judge(table, policy, 24 * GIB), version, release, sysctl);
  return { view, words: kernelWordsOf(view, policy) };
};

describe('a release', () => {
  it.each([
    ['4.5+patches', '4.5+patches'],
    ['6.1', '6.1'],
    ['5.15.0-91-generic', '5.10'],
    ['4.19', '4.9'],
    ['newest', null],
    ['', null],
  ])('%j is answered for by %s', (text, expected) => {
    expect(versionOf(text)).toBe(expected);
  });
});

describe('the view of a kernel', () => {
  it('names the correction that spares a swapoff at -1000', () => {
    const { view, words } = viewOf([hog, swapoff]);
    for (const each of view.cases) {
      expect(each.kernel).toEqual({ outcome: 'kill', process: { pid: 8, comm: 'swapoff' }, because: 'origin' });
      expect(each.patched.process).toEqual(each.oomwatchd.process);
      expect(each.oomwatchd).toEqual({ waits_for: null, process: { pid: 7, comm: 'hog' } });
      expect(each.corrections).toMatchObject([{ patch: 4, id: 'origin_and_unkillable', enabled: true }]);
      expect(each.reasons).toEqual([]);
    }
    expect(words.split('\n').slice(0, 4)).toEqual([
      'the kernel 6.1 would choose so',
      '  in a shortage     kills swapoff (pid 8), because it is in swapoff or KSM unmerge, which is the first choice whatever its size',
      '    oomwatchd       takes hog (pid 7)',
      '    the difference  patch 4, origin_and_unkillable: mm,oom: exclude oom_task_origin processes if they are OOM-unkillable. https://lore.kernel.org/r/201602171933.HFD51078.LOSFVMFQFOJHOt@I-love.SAKURA.ne.jp',
    ]);
  });

  it('says when the correction is switched off', () => {
    const off = 'select: { corrections: { origin_and_unkillable: false } }';
    const { view, words } = viewOf([hog, swapoff], '6.1', off);
    expect(view.cases[0]?.oomwatchd.process).toEqual({ pid: 8, comm: 'swapoff' });
    expect(words).toContain('patch 4, origin_and_unkillable (switched off): ');
  });

  it('tells our own exclusions apart from corrections', () => {
    const session = { ...hog, flags: KNOWN | FLAG.ANCESTOR };
    const { view, words } = viewOf([session, { pid: 9, comm: 'small' }]);
    expect(view.cases[0]).toMatchObject({ corrections: [], oomwatchd: { process: { pid: 9, comm: 'small' } } });
    expect(view.cases[0]?.reasons).toEqual(['parent of this oomwatchd: the session it was started from']);
    expect(words).toContain('    and besides     parent of this oomwatchd: ');
  });

  it('tells who is dying: waited for by both in a shortage, and selected again by SysRq-f', () => {
    const victim = { ...hog, flags: KNOWN | FLAG.SIGKILL_PENDING };
    const { view, words } = viewOf([victim, { pid: 9, comm: 'next' }], '7.2.13');
    const [shortage, sysrq] = view.cases;
    expect(shortage).toMatchObject({ kernel: { outcome: 'wait' }, oomwatchd: { waits_for: { pid: 7 } } });
    expect(sysrq).toMatchObject({ kernel: { outcome: 'nothing' }, oomwatchd: { waits_for: null } });
    expect(sysrq?.corrections.map(({ patch }) => patch)).toEqual([1]);
    expect(words).toContain('the kernel 7.2.13, by the model of 7.2, would choose so\n');
    expect(words).toContain('waits for hog (pid 7), for 5.0 s at the most, then takes next (pid 9)\n');
    expect(words).toContain('selects hog (pid 7), and nobody dies of it, because');
  });

  it('takes an oom_score of 0 for a reaped victim', () => {
    const reaped = { ...hog, flags: KNOWN | FLAG.SIGKILL_PENDING, oomScore: 0 };
    expect(viewOf([reaped, { pid: 9, comm: 'next' }]).view.cases[1]?.kernel).toMatchObject({ process: { pid: 9 } });
    const low = { ...reaped, oomScoreAdj: -995 };
    expect(viewOf([low]).view.cases[1]?.kernel).toMatchObject({ outcome: 'nothing', process: { pid: 7 } });
  });

  it('has words for nobody', () => {
    const { words } = viewOf([{ flags: KNOWN | FLAG.INIT, rssKiB: ABSENT }]);
    expect(words).toContain('panics, because there is no killable process\n');
    expect(words).toContain('kills nobody, because there is no killable process\n');
    expect(words).toContain('takes nobody\n');
  });

  it('says that whoever allocates may die instead, and keeps what it prints harmless', () => {
    const { view, words } = viewOf([{ ...hog, comm: 'a\u001b[2J' }], '6.1', '', 1);
    expect(view.oom_kill_allocating_task).toBe(1);
    expect(words).toContain('vm.oom_kill_allocating_task is 1: in a shortage it kills whoever allocates');
    expect(words).not.toContain('\u001b');
    expect(viewOf([hog], '6.1', '', ABSENT).view.oom_kill_allocating_task).toBe(null);
  });
});
