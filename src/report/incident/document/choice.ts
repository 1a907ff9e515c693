/** One ranking and what became of it, for the document: who was taken, by how much the others are less worth it, who was not asked. */
import { FIRST_POINTS, type PassedOver, type Sharer } from '../../../core/ranked-event.ts';
import { printable, visible } from '../../printable.ts';
import type { EventOf } from '../../sentence.ts';
import { correctionWords } from '../../shortage-wording.ts';
import type { Facts } from '../gather/facts.ts';
import { type Choosing, RULE_LIMIT, whyOf, whyPassedOver } from './choice-wording.ts';
import type { CandidateRow, ChoiceRow, PassedOverRow, SharerRow } from './document.ts';
import { known, PATH_LIMIT, processRow } from './process-row.ts';

const ROWS_MAX = 10;

/** Signals that this ranking led to: behind it, and not behind the next one. */
const choosingOf = (ranked: EventOf<'ranked'>, nextMs: number, { signals }: Facts): Choosing => {
  const led = signals
    .list()
    .filter(({ monotonicMs, victim }) => victim && monotonicMs >= ranked.monotonicMs && monotonicMs <= nextMs);
  const pid = ranked.chosen ?? led.find(({ company }) => company === '')?.victim.pid;
  const along = new Map(
    led
      .filter(({ company, companyOf }) => company !== '' && companyOf === pid)
      .map(({ victim, company }) => [victim.pid, company]),
  );
  return { ranked, chosen: ranked.top.findIndex((each) => each.pid === pid), along };
};

const finite = (value = 0): number => (Number.isFinite(value) ? value : 0);

/** null: before any points. */
const points = (pages: number | undefined): number | null =>
  pages === undefined || pages >= FIRST_POINTS ? null : known(pages);

const texts = (rules: readonly string[] | undefined): string[] =>
  (rules ?? []).slice(0, 8).map((rule) => visible(rule, RULE_LIMIT));

const candidateRow = (choosing: Choosing, at: number): CandidateRow[] => {
  const candidate = choosing.ranked.top[at];
  if (candidate === undefined) return [];
  return [
    {
      rank: candidate.place ?? at + 1,
      ...processRow(candidate),
      points_pages: points(candidate.pointsPages ?? candidate.badnessPages),
      policy_points: finite(candidate.policyPoints),
      rules: texts(candidate.rules),
      chosen: at === choosing.chosen,
      why: whyOf(choosing, at),
    },
  ];
};

const sharerRow = ({ pid, comm, why, isCertain }: Sharer): SharerRow => ({
  ...{ pid, comm: printable(comm), reason: printable(why), certain: isCertain },
});

const passedOverRow = (choosing: Choosing, other: PassedOver): PassedOverRow => ({
  ...{ pid: other.pid, comm: printable(other.comm), unit: printable(other.unit, PATH_LIMIT) },
  size_kib: known(other.sizeKiB),
  oom_score_adj: other.oomScoreAdj,
  points_pages: points(other.pointsPages),
  policy_points: finite(other.policyPoints),
  rules: texts(other.rules),
  reason: printable(other.why),
  why: whyPassedOver(choosing, other),
  shares_with: other.sharesWith === undefined ? null : sharerRow(other.sharesWith),
});

/** `nextMs`: monotonic time of the ranking behind it. */
export const choiceRow = (ranked: EventOf<'ranked'>, nextMs: number, facts: Facts): ChoiceRow => {
  const choosing = choosingOf(ranked, nextMs, facts);
  return {
    time_ms: ranked.timeMs,
    episode: ranked.episode,
    scanned: ranked.scanned,
    scan_ms: ranked.scanMs,
    choice: printable(ranked.choice ?? ''),
    candidates: ranked.top.slice(0, ROWS_MAX).flatMap((_, at) => candidateRow(choosing, at)),
    passed_over: (ranked.passedOver ?? []).slice(0, ROWS_MAX).map((other) => passedOverRow(choosing, other)),
    excluded: Object.fromEntries(
      Object.entries(ranked.excluded).map(([reason, amount]) => [printable(reason), amount]),
    ),
    corrections: (ranked.corrections ?? []).slice(0, ROWS_MAX).map(correctionWords),
  };
};
