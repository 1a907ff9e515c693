import { describe, expect, it } from 'vitest';
import type { Corrections } from '../../../../src/core/policy.ts';
import { FLAG } from '../../../../src/core/process-table.ts';
import { correctionFacts, traceOf } from '../../../../src/core/select/rules/trace.ts';
import { defaultPolicy } from '../../../support/policy.ts';
import { KNOWN, type Row, tableOf } from '../../support/tables.ts';

const ALL_ON = defaultPolicy().select.corrections;
const without = (key: keyof Corrections): Corrections => ({ ...ALL_ON, [key]: false });

const says = (row: Partial<Row>, corrections = ALL_ON, isVictim = false): Record<string, string> =>
  Object.fromEntries(traceOf(tableOf([row]), 0, corrections, isVictim).map(({ id, says: text }) => [id, text]));

const NOT_APPLIES = 'does not apply';
const NOT_ASKED = 'not asked: an earlier one has decided';
const WAIT = 'is about the wait for victims, not about one process';

describe('the trace of a process', () => {
  it('has all six in the order of the table, with title, link and whether it is on', () => {
    const trace = traceOf(tableOf([{}]), 0, without('timers'), false);
    expect(trace.map(({ patch, enabled }) => [patch, enabled])).toEqual([
      [4, true],
      [3, true],
      [1, true],
      [2, true],
      [5, false],
      [6, true],
    ]);
    for (const { title, link } of trace) {
      expect(title).toMatch(/^mm,oom/);
      expect(link).toMatch(/^https:/);
    }
  });

  it('says of an ordinary one that none applies', () => {
    expect(says({})).toEqual({
      origin_and_unkillable: NOT_APPLIES,
      origin_and_victim: NOT_APPLIES,
      exclude_victims: NOT_APPLIES,
      exiting_does_not_abort: NOT_APPLIES,
      timers: WAIT,
      wait_allocating_task: WAIT,
    });
  });

  it('says which one has decided, and that the rest was not asked', () => {
    expect(says({}, ALL_ON, true)).toMatchObject({
      origin_and_victim: NOT_APPLIES,
      exclude_victims: 'passed over: it is being killed already',
      exiting_does_not_abort: NOT_ASKED,
    });
  });

  it('says what a correction that is off leaves undone', () => {
    const row = { flags: KNOWN | FLAG.EXITING };
    expect(says(row)['exiting_does_not_abort']).toBe('passed over: it is exiting and is watched');
    expect(says(row, without('exitingDoesNotAbort'))['exiting_does_not_abort']).toBe(
      'switched off: a process that cannot finish its exit stops all selection',
    );
  });

  it('says nothing of a correction that is off and has nothing to undo', () => {
    expect(says({}, without('excludeVictims'), true)['exclude_victims']).toBe(NOT_APPLIES);
  });
});

describe('the corrections that mattered in a choice', () => {
  const facts = (rows: readonly Partial<Row>[], corrections = ALL_ON, victims: readonly number[] = []) =>
    correctionFacts(tableOf(rows), corrections, (slot) => victims.includes(slot));

  it('are none among ordinary processes, however many', () => {
    expect(facts([{}, { oomScoreAdj: -1000 }, { protectRule: 1 }])).toEqual([]);
  });

  it('are told with the process and what was done with it', () => {
    const origin = KNOWN | FLAG.ORIGIN;
    expect(
      facts(
        [
          { pid: 1, comm: 'a' },
          { pid: 2, comm: 'b', flags: KNOWN | FLAG.SIGKILL_PENDING },
          { pid: 3, comm: 'c', flags: KNOWN | FLAG.EXITING },
          { pid: 4, comm: 'd', flags: origin },
          { pid: 5, comm: 'e', flags: origin },
          { pid: 6, comm: 'f', flags: origin, oomScoreAdj: -1000 },
        ],
        ALL_ON,
        [4],
      ).map(({ patch, id, pid, comm, effect }) => [patch, id, pid, comm, effect.split(':')[0]]),
    ).toEqual([
      [1, 'exclude_victims', 2, 'b', 'passed over'],
      [2, 'exiting_does_not_abort', 3, 'c', 'passed over'],
      [3, 'origin_and_victim', 4, 'd', 'first choice'],
      [3, 'origin_and_victim', 5, 'e', 'in swapoff or KSM unmerge, but being killed already'],
      [4, 'origin_and_unkillable', 6, 'f', 'in swapoff or KSM unmerge, but its oom_score_adj is -1000'],
    ]);
  });

  it('tell of those that are off what came of it', () => {
    const row = { flags: KNOWN | FLAG.ORIGIN | FLAG.SIGKILL_PENDING };
    expect(facts([row], without('originAndVictim'))).toMatchObject([
      { patch: 3, effect: 'switched off: a swapoff that cannot die is selected before all others, for ever' },
    ]);
  });

  it('are ten at the most', () => {
    expect(facts(Array.from({ length: 30 }, () => ({ flags: KNOWN | FLAG.EXITING })))).toHaveLength(10);
  });
});
