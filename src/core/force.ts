/** A forced selection: who it takes, as intents. Waits for nobody; a victim is never taken again (patch 1). */
import type { ForcedAnswer, ForcedRequest } from './forced.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import { pressWouldFail } from './register/sysrq.ts';
import { factsOf } from './select/facts.ts';
import { correctionFacts } from './select/rules/trace.ts';
import { choose, isVictimOf, noteDying, pushSignals, wholeOf, whyNobody } from './selection.ts';
import type { State } from './state.ts';
import { aimPress, pressOf } from './sysrq.ts';
import { ABSENT } from './units.ts';
import { openEpisode } from './verify/episode.ts';

/** Also the smallest: whoever asks knows why, and SysRq-f has no minimum either. */
const MINIMUM_KIB = 0;

/**
 * Chooses and pushes what is to be done; the answer's outcome is that of a success, which whoever carries the intents out
 * corrects. Without intents the answer is final.
 */
export const force = (
  state: State,
  request: ForcedRequest,
  table: ProcessTable,
  policy: Policy,
  nowMs: number,
  out: TickOutput,
): ForcedAnswer => {
  const dryRun = request.observe || policy.mode === 'observe';
  const nobody = { victim: null, company: [], corrections: [] };
  state.verdictMs = nowMs;
  // Whom others have killed since the last tick: no victim of ours, and a reason not to press.
  noteDying(state, table, MINIMUM_KIB + 1, nowMs, out);
  if (request.sysrq) {
    const detail = pressWouldFail(state.register, table, nowMs);
    if (detail !== '') return { ...nobody, outcome: 'not_pressed', detail };
    const aimed = aimPress(state, table, policy, MINIMUM_KIB);
    if ('refusal' in aimed) return { ...nobody, outcome: 'not_pressed', detail: aimed.detail };
    out.intents.push(pressOf(table, aimed, dryRun));
    return { ...nobody, victim: factsOf(table, aimed.slot), outcome: dryRun ? 'observed' : 'pressed', detail: '' };
  }
  const slot = choose(state, table, policy, MINIMUM_KIB);
  const corrections = correctionFacts(table, policy.select.corrections, (each) => isVictimOf(state, table, each));
  if (slot === ABSENT) {
    const { abortedBy } = state.ranking;
    const detail =
      abortedBy === ABSENT ? whyNobody(state, table, MINIMUM_KIB) : `pid ${table.pid[abortedBy]} is exiting (patch 2)`;
    return { ...nobody, outcome: 'nobody', corrections, detail };
  }
  openEpisode(state.episode, 0, nowMs, out.events);
  const victim = factsOf(table, slot);
  pushSignals(state, table, slot, 'KILL', dryRun, 'forced', out, wholeOf(table, slot, policy));
  const company = state.company.map(({ pid }) => pid);
  return { outcome: dryRun ? 'observed' : 'signalled', victim, company, corrections, detail: '' };
};
