/** What is counted of remedies. */
import { REMEDY_EFFECTS, REMEDY_KINDS, REMEDY_RESULTS } from '../core/remedy.ts';
import { type Instruments, known } from './instruments.ts';
import type { EventOf } from './sentence.ts';

const RESULTS = [...REMEDY_RESULTS, 'withheld'] as const;

/** Every combination begins at 0, so that the first increase is one for rate() and alerts. */
export const startRemedies = (instruments: Instruments): void => {
  for (const remedy of REMEDY_KINDS) {
    for (const result of RESULTS) instruments.add('oomwatchd_remedies_total', 0, { remedy, result });
    for (const effect of REMEDY_EFFECTS) instruments.add('oomwatchd_remedy_effects_total', 0, { remedy, effect });
  }
};

export const countRemedy = (instruments: Instruments, event: EventOf<'remedy'>): void => {
  const remedy = known(event.remedy, REMEDY_KINDS);
  const result = event.stage === 'withheld' ? 'withheld' : event.stage === 'after' ? event.result : null;
  if (result !== null) instruments.add('oomwatchd_remedies_total', 1, { remedy, result: known(result, RESULTS) });
  if (event.effect === null) return;
  instruments.add('oomwatchd_remedy_effects_total', 1, { remedy, effect: known(event.effect, REMEDY_EFFECTS) });
};
