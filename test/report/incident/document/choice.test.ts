/** The choice in a report: why the victim, and of each who is as large or stood beside it, why not. */
import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../../../src/core/event.ts';
import {
  FIRST_POINTS,
  type PassedOver,
  type RankedEvent,
  type RankedFacts,
} from '../../../../src/core/ranked-event.ts';
import { GIB } from '../../../../src/core/units.ts';
import type { ChoiceRow, IncidentDocument } from '../../../../src/report/incident/document/document.ts';
import { textOf } from '../../../../src/report/incident/page/incident-text.ts';
import { pageOf } from '../../../../src/report/incident/page/page.ts';
import { java, signal, stamped } from '../../events.ts';
import { EVIL, exampleWith } from '../example.ts';
import { play } from '../recorded.ts';

const documentOf = (...events: readonly OomwatchdEvent[]): IncidentDocument => {
  const [document] = play({ events: events.map((event) => stamped(event)), points: [] });
  return document as IncidentDocument;
};

const choiceOf = (...events: readonly OomwatchdEvent[]): ChoiceRow => documentOf(...events).choices[0] as ChoiceRow;

const ranked = (top: readonly RankedFacts[], more: Partial<RankedEvent> = {}): RankedEvent => ({
  ...{ kind: 'ranked', episode: 1, scanned: 9, top, excluded: {}, corrections: [], scanMs: 1 },
  ...more,
});

const victim: RankedFacts = {
  ...java,
  rssKiB: 2 * GIB,
  swapKiB: 0,
  oomScoreAdj: 0,
  badnessPages: 500_000,
  pointsPages: 500_000,
};
const other = (pid: number, more: Partial<RankedFacts> = {}): RankedFacts => ({ ...victim, pid, ...more });
const spared = (more: Partial<PassedOver>): PassedOver => ({
  ...{ pid: 9, comm: 'postgres', unit: 'db.service', sizeKiB: 4 * GIB, oomScoreAdj: 0, pointsPages: GIB },
  why: 'outranked',
  ...more,
});

const whys = (...events: readonly OomwatchdEvent[]): string[] => choiceOf(...events).candidates.map(({ why }) => why);
const bySelf = { chosen: java.pid, choice: 'points' } as const;

describe('a candidate', () => {
  test('says who was taken, and by how much the others are less worth it', () => {
    const [choice] = (play(exampleWith())[0] as IncidentDocument).choices;
    expect(choice?.candidates.map(({ chosen, why }) => [chosen, why])).toEqual([
      [true, 'first of all candidates'],
      [false, '406323 pages less (69 %)'],
      [false, '587203 pages less (100 %)'],
    ]);
    expect(choice?.corrections).toEqual(['patch 1: postgres (pid 9) passed over: a victim already']);
  });

  test.each<[string, Partial<RankedFacts>, string]>([
    ['smaller', { pointsPages: 400_000, rssKiB: GIB }, '100000 pages less (20 %)'],
    [
      'larger with an oom_score_adj',
      { pointsPages: 400_000, rssKiB: 3 * GIB, oomScoreAdj: -500 },
      '100000 pages less (20 %); larger by 1.0 GiB, but has oom_score_adj -500; the chosen one has oom_score_adj 200',
    ],
    [
      'larger and avoided',
      { pointsPages: 1, rssKiB: 3 * GIB, oomScoreAdj: 0, policyPoints: -300, rules: ['select.avoid[0]'] },
      '499999 pages less (100 %); larger by 1.0 GiB, but has policy -300 (select.avoid[0]); the chosen one has oom_score_adj 200',
    ],
    ['as large', {}, 'as many pages; of equals the younger goes first'],
  ])('that is %s says what weighed less', (_, more, why) => {
    const first = { ...victim, oomScoreAdj: 200 };
    expect(whys(ranked([first, other(5, more)], bySelf), signal)).toEqual(['first of all candidates', why]);
  });

  test('is the first by a rule that prefers it, or by what the kernel asks before any points', () => {
    const preferred = { ...victim, policyPoints: 100, rules: ['select.prefer[0]'] };
    expect(whys(ranked([preferred], bySelf), signal)).toEqual([
      'first of all candidates, with policy 100 (select.prefer[0])',
    ]);
    const origin = { ...victim, pointsPages: FIRST_POINTS };
    expect(whys(ranked([origin, other(5)], bySelf), signal)).toEqual([
      'in swapoff or a KSM unmerge: before any points',
      'the chosen one stands before any points',
    ]);
    expect(choiceOf(ranked([origin], bySelf), signal).candidates[0]?.points_pages).toBeNull();
  });

  test.each<[NonNullable<RankedEvent['choice']>, string, string]>([
    [
      'swarm',
      '100000 pages more alone, and less than those many together',
      'the largest of many young processes of one parent, which make the shortage together',
    ],
    [
      'fork_storm',
      '100000 pages more alone; its death does not end the storm',
      'parent of a fork storm: it replaces its children as fast as they die',
    ],
  ])('that stands before the victim of a %s says so, and who was taken is in the list', (choice, why, chosen) => {
    const top = [other(5, { pointsPages: 600_000 }), other(6, { pointsPages: 400_000 }), { ...victim, place: 0 }];
    const row = choiceOf(ranked(top, { chosen: java.pid, choice }), signal);
    expect(row.candidates.map((each) => [each.rank, each.chosen, each.why])).toEqual([
      [1, false, why],
      [2, false, '100000 pages less (20 %)'],
      [0, true, chosen],
    ]);
    expect(row.choice).toBe(choice);
  });

  test('that would take along who must live says so', () => {
    const kept = other(5, { pointsPages: 600_000, keptBy: 'unit' });
    expect(whys(ranked([kept, victim], bySelf), signal)).toEqual([
      'its whole unit would have died, and somebody in it must live',
      'the first of them that may die as a whole',
    ]);
  });

  test('that dies with the victim is no runner-up', () => {
    const along = { ...signal, victim: { ...java, pid: 5 }, company: 'oom_group', companyOf: java.pid } as const;
    const row = choiceOf(ranked([victim, other(5)], { ...bySelf, passedOver: [spared({ pid: 5 })] }), signal, along);
    const why = 'killed along with it: memory.oom.group of their cgroup';
    expect([row.candidates[1]?.why, row.passed_over[0]?.why]).toEqual([why, why]);
  });

  test('of an older control says so when a later one had to be taken, or nobody was', () => {
    const { pointsPages: _, ...plain } = victim;
    const larger = { ...plain, pid: 5, badnessPages: 700_000 };
    expect(whys(ranked([larger, plain]), signal)).toEqual([
      'ranked higher, and could not be signalled any more',
      'the first of them that could be signalled',
    ]);
    expect(whys(ranked([plain, larger]))).toEqual([
      'first of all candidates; nobody was signalled',
      'has as much badness or more, and policy or a correction ranks it lower',
    ]);
    const row = choiceOf(ranked([plain]), signal);
    expect(row).toMatchObject({ choice: '', passed_over: [], candidates: [{ points_pages: 500_000, rules: [] }] });
  });
});

describe('one that is large and was passed over', () => {
  test.each<[Partial<PassedOver>, string]>([
    [{ why: 'protected', rules: ['builtin:sshd'] }, 'protected by builtin:sshd'],
    [{ why: 'protected' }, 'protected by policy'],
    [{ why: 'oom_score_adj_min' }, 'oom_score_adj is -1000: out of bounds for the kernel and for us'],
    [{ why: 'outside_scope' }, 'outside the scope that select.only gives'],
    [{ why: 'already_victim' }, 'SIGKILL is pending: dying already'],
    [{ why: 'mm_group' }, 'shares its memory with a process that may not be killed'],
    [
      { why: 'mm_group', sharesWith: { pid: 81, comm: 'keeper', why: 'protected', isCertain: true } },
      'shares its memory with keeper (pid 81), which may not be killed: protected',
    ],
    [
      { why: 'mm_group', sharesWith: { pid: 81, comm: 'x) (pid 1', why: 'refused', isCertain: false } },
      'may share its memory with "x) (pid 1" (pid 81), which may not be killed: the kernel has refused to let it be signalled in this episode',
    ],
    [
      { why: 'mm_group', sharesWith: { pid: 81, comm: '', why: 'unidentified', isCertain: true } },
      'shares its memory with pid 81, which may not be killed: could not be identified, so policy might protect it',
    ],
    [{ why: 'refused' }, 'the kernel has refused to let it be signalled in this episode'],
    [
      { pointsPages: 400_000, oomScoreAdj: -600 },
      '100000 pages less (20 %); larger by 2.0 GiB, but has oom_score_adj -600',
    ],
    [{ pointsPages: 500_001 }, '1 page more alone'],
    [{ why: 'of_another_version' as 'gone' }, 'of_another_version'],
  ])('says why: %j', (more, why) => {
    const row = choiceOf(ranked([victim], { ...bySelf, passedOver: [spared(more)] }), signal);
    expect(row.passed_over).toMatchObject([{ pid: 9, comm: 'postgres', size_kib: 4 * GIB, why }]);
  });

  test('is on the page and on the terminal, and its names act on neither', () => {
    const passedOver = [spared({ comm: EVIL.slice(0, 15), unit: EVIL, why: 'protected', rules: [`${EVIL}\x1b[2J`] })];
    const document = documentOf(ranked([victim], { ...bySelf, passedOver }), signal);
    const text = textOf(document);
    expect(text).toContain('as large, and not taken:');
    expect(text).toMatch(/4\.0 GiB, oom_score_adj 0\): protected by /);
    expect(text).not.toContain('\x1b');
    const page = pageOf(document);
    expect(page).toContain('As large, and not taken:');
    expect(page).toContain('protected by &quot;&#39;&gt;');
    expect(page).not.toContain('<script');
  });

  test('that shares its memory has the other everywhere, whatever its name does', () => {
    const sharesWith = { pid: 81, comm: '\x1b[2J"><script>', why: 'protected', isCertain: true } as const;
    const passedOver = [spared({ why: 'mm_group', sharesWith }), spared({ why: 'init' })];
    const document = documentOf(ranked([victim], { ...bySelf, passedOver }), signal);
    expect(document.choices[0]?.passed_over.map((row) => row.shares_with)).toEqual([
      { pid: 81, comm: String.raw`\x1b[2J"><script>`, reason: 'protected', certain: true },
      null,
    ]);
    const said = 'pid 81), which may not be killed: protected';
    expect(textOf(document)).toContain(String.raw`its memory with "\x1b[2J\"><script>" (${said}`);
    const page = pageOf(document);
    expect(page).toContain(String.raw`its memory with &quot;\x1b[2J\&quot;&gt;&lt;script&gt;&quot; (${said}`);
    expect(textOf(document) + page).not.toContain('\x1b');
    expect(page).not.toContain('<script');
  });

  test('is not in a report of an earlier release, which is shown all the same', () => {
    const document = documentOf(ranked([victim], bySelf), signal);
    const [{ passed_over: _, choice: __, ...choice }] = document.choices as [ChoiceRow];
    const old = { ...document, choices: [choice as ChoiceRow] };
    expect(pageOf(old)).toContain('first of all candidates');
    expect(textOf(old)).toContain('first of all candidates');
  });
});
