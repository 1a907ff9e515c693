/** What the corrections did: for one process (explain), and for a choice as a whole (events). */
import type { CorrectionFacts } from '../../event.ts';
import type { Corrections } from '../../policy.ts';
import type { ProcessTable } from '../../process-table.ts';
import { ABSENT } from '../../units.ts';
import { type Correction, OPINION, type RowCorrection, SITUATION } from './correction.ts';
import { CORRECTIONS, opinionOf, ROW_CORRECTIONS, situationOf, speakerOf } from './table.ts';

export interface CorrectionTrace extends Pick<Correction, 'patch' | 'id' | 'title' | 'link'> {
  readonly enabled: boolean;
  /** What it did with the process, or that it had no reason to do anything. */
  readonly says: string;
}

/** Of all corrections in their order, what each says of the row; of those about the wait, that they say nothing of a row. */
export const traceOf = (
  table: ProcessTable,
  slot: number,
  corrections: Corrections,
  isVictim: boolean,
): CorrectionTrace[] => {
  const situation = situationOf(table, slot, isVictim);
  const speaker = speakerOf(situation, corrections);
  return CORRECTIONS.map((correction, at) => {
    const { patch, id, title, link, key, without } = correction;
    const told = { patch, id, title, link, enabled: corrections[key] };
    const row = ROW_CORRECTIONS[at];
    if (row === undefined) return { ...told, says: 'is about the wait for victims, not about one process' };
    if (speaker === at) return { ...told, says: corrections[key] ? row.effect : `switched off: ${without}` };
    // Asked only as far as nobody before it has spoken.
    const isAsked = speaker === ABSENT || at < speaker;
    return { ...told, says: isAsked ? 'does not apply' : 'not asked: an earlier one has decided' };
  });
};

/** A choice is told with so many: enough to see why the largest were not taken. */
const TOLD = 10;

/** The corrections that made a difference in a choice, in the order of rows. */
export const correctionFacts = (
  table: ProcessTable,
  corrections: Corrections,
  isVictim: (slot: number) => boolean,
): CorrectionFacts[] => {
  const facts: CorrectionFacts[] = [];
  for (let row = 0; row < table.count && facts.length < TOLD; row++) {
    const slot = table.rows[row] as number;
    const situation = situationOf(table, slot, isVictim(slot));
    const fact = factOf(situation, corrections);
    if (fact !== null) facts.push({ ...fact, pid: table.pid[slot] as number, comm: table.comm[slot] as string });
  }
  return facts;
};

const factOf = (situation: number, corrections: Corrections): Omit<CorrectionFacts, 'pid' | 'comm'> | null => {
  const speaker = speakerOf(situation, corrections);
  if (speaker !== ABSENT) {
    const { patch, id, key, effect, without } = ROW_CORRECTIONS[speaker] as RowCorrection;
    return { patch, id, effect: corrections[key] ? effect : `switched off: ${without}` };
  }
  if ((situation & SITUATION.ORIGIN) === 0 || opinionOf(situation, corrections) !== OPINION.FIRST) return null;
  return { patch: 3, id: 'origin_and_victim', effect: 'first choice: in swapoff or KSM unmerge' };
};
