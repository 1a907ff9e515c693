/** Why one process was chosen, and each of the others not: the words of a choice. Comes from control, of whatever version. */
import type { ProcessFacts } from '../../../core/event.ts';
import { FIRST_POINTS, type PassedOver, type PassedOverReason, type RankedFacts } from '../../../core/ranked-event.ts';
import { count, size } from '../../amount.ts';
import { EXCLUSION_WORDS, sharesWords } from '../../exclusion-words.ts';
import { printable, visible } from '../../printable.ts';
import type { EventOf } from '../../sentence.ts';

/** "50-databases.yaml:select.protect[12]": a text of the configuration, in which an umlaut is no byte. */
export const RULE_LIMIT = 128;

type Company = EventOf<'signal'>['company'];

/** A choice as it is told, with what became of it. */
export interface Choosing {
  readonly ranked: EventOf<'ranked'>;
  /** Place in `ranked.top`; -1: nobody of it was signalled. */
  readonly chosen: number;
  /** By pid, who was signalled along with the chosen one, and as what. */
  readonly along: ReadonlyMap<number, Company>;
}

const COMPANY_WORDS: Readonly<Record<Company, string>> = {
  '': 'killed as well',
  mm_group: 'killed along with it: they share their memory',
  oom_group: 'killed along with it: memory.oom.group of their cgroup',
  cgroup: 'killed along with it: the whole cgroup goes',
  unit: 'killed along with it: the whole unit goes',
  fork_storm: 'killed along with it: its family',
};

const CHOSEN_WORDS = {
  points: 'first of all candidates',
  swarm: 'the largest of many young processes of one parent, which make the shortage together',
  fork_storm: 'parent of a fork storm: it replaces its children as fast as they die',
} as const;

const pages = (amount: number): string => count(amount, 'page');

/** An older control tells badness alone. */
const pointsOf = ({ pointsPages, badnessPages }: RankedFacts): number => pointsPages ?? badnessPages;

const sizeOf = ({ rssKiB, swapKiB }: ProcessFacts): number => Math.max(0, rssKiB) + Math.max(0, swapKiB);

type Weighted = Pick<PassedOver, 'oomScoreAdj' | 'policyPoints' | 'rules'>;

/** What weighs beside memory: "oom_score_adj -500, policy -300 (select.avoid[0])"; '' for nothing. */
const weightOf = ({ oomScoreAdj, policyPoints = 0, rules = [] }: Weighted): string => {
  const adj = oomScoreAdj === 0 ? [] : [`oom_score_adj ${oomScoreAdj}`];
  const ids = rules.map((rule) => visible(rule, RULE_LIMIT)).join(', ');
  return [...adj, ...(rules.length === 0 ? [] : [`policy ${policyPoints} (${ids})`])].join(', ');
};

/** "; larger by 2.0 GiB, but oom_score_adj -500; the chosen one has oom_score_adj 200": why memory alone did not decide. */
const inSpiteOf = (other: Weighted, otherKiB: number, first: RankedFacts): string => {
  const moreKiB = otherKiB - sizeOf(first);
  if (moreKiB <= 0) return '';
  const own = weightOf(other);
  const its = weightOf(first);
  const but = own === '' ? '' : `, but has ${own}`;
  return `; larger by ${size(moreKiB)}${but}${its === '' ? '' : `; the chosen one has ${its}`}`;
};

const less = (points: number, first: number): string => {
  const percent = first > 0 && first < FIRST_POINTS ? ` (${Math.round((100 * (first - points)) / first)} %)` : '';
  return first >= FIRST_POINTS ? 'the chosen one stands before any points' : `${pages(first - points)} less${percent}`;
};

const whyChosen = ({ ranked, chosen }: Choosing): string => {
  const { choice, top } = ranked;
  const { pointsPages = 0, ...own } = top[chosen] as RankedFacts;
  if (choice !== undefined && choice !== 'points') return CHOSEN_WORDS[choice] ?? printable(choice);
  if (pointsPages >= FIRST_POINTS) return 'in swapoff or a KSM unmerge: before any points';
  const weight = (own.rules ?? []).length === 0 ? '' : `, with ${weightOf({ ...own, oomScoreAdj: 0 })}`;
  if (chosen === 0) return `${CHOSEN_WORDS.points}${weight}`;
  return choice === undefined
    ? 'the first of them that could be signalled'
    : 'the first of them that may die as a whole';
};

/** Why one with as many points or more stands behind. */
const whyBefore = ({ ranked, chosen }: Choosing, own: RankedFacts, first: RankedFacts): string => {
  if (own.keptBy !== undefined) return `its whole ${own.keptBy} would have died, and somebody in it must live`;
  const more = `${pages(pointsOf(own) - pointsOf(first))} more`;
  if (ranked.choice === 'swarm') return `${more} alone, and less than those many together`;
  if (ranked.choice === 'fork_storm') return `${more} alone; its death does not end the storm`;
  if (ranked.top.indexOf(own) < chosen) return 'ranked higher, and could not be signalled any more';
  return pointsOf(own) === pointsOf(first) && own.pointsPages !== undefined
    ? 'as many pages; of equals the younger goes first'
    : 'has as much badness or more, and policy or a correction ranks it lower';
};

/** Why the one at `at` of the list was chosen, or why not. */
export const whyOf = (choosing: Choosing, at: number): string => {
  const { ranked, chosen, along } = choosing;
  const own = ranked.top[at];
  const first = ranked.top[chosen === -1 ? 0 : chosen];
  if (own === undefined || first === undefined) return '';
  if (at === chosen) return whyChosen(choosing);
  if (at === 0 && chosen === -1) return `${CHOSEN_WORDS.points}; nobody was signalled`;
  const company = along.get(own.pid);
  if (company !== undefined) return COMPANY_WORDS[company] ?? printable(company);
  const isBefore = pointsOf(own) >= pointsOf(first) || (ranked.choice === undefined && at < chosen);
  if (isBefore) return whyBefore(choosing, own, first);
  return less(pointsOf(own), pointsOf(first)) + inSpiteOf(own, sizeOf(own), first);
};

/** A reason that needs no more than itself. */
const plainly = (why: PassedOverReason): string => {
  if (why === 'refused') return 'the kernel has refused to let it be signalled in this episode';
  return (why === 'outranked' ? undefined : EXCLUSION_WORDS[why]) ?? printable(String(why));
};

/** Why one that is large was not taken. */
export const whyPassedOver = ({ ranked, chosen, along }: Choosing, other: PassedOver): string => {
  const company = along.get(other.pid);
  if (company !== undefined) return COMPANY_WORDS[company] ?? printable(company);
  const first = ranked.top[chosen === -1 ? 0 : chosen];
  switch (other.why) {
    case 'protected':
      return `${EXCLUSION_WORDS.protected} by ${(other.rules ?? []).map((rule) => visible(rule, RULE_LIMIT)).join(', ') || 'policy'}`;
    case 'outranked': {
      if (first === undefined) return 'ranked lower';
      if (other.pointsPages > pointsOf(first)) return `${pages(other.pointsPages - pointsOf(first))} more alone`;
      return less(other.pointsPages, pointsOf(first)) + inSpiteOf(other, other.sizeKiB, first);
    }
    case 'mm_group': {
      const { sharesWith } = other;
      return sharesWith === undefined
        ? plainly(other.why)
        : sharesWords(sharesWith, sharesWith.isCertain, plainly(sharesWith.why));
    }
    default:
      return plainly(other.why);
  }
};
