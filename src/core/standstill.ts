/** The two rungs above SysRq-f, each once a shortage: evidence for whoever looks into it, and the last resort. */
import type { LastResortIntent } from './intent.ts';
import type { LastDeed } from './ladder-event.ts';
import { memoryFacts } from './memory-facts.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { Sample } from './sample.ts';
import type { State } from './state.ts';

/** Evidence: told, and pressed off the loop. */
export const takeEvidence = (state: State, sample: Sample, policy: Policy, nowMs: number, out: TickOutput): void => {
  const { climb, episode } = state;
  const sent = policy.mode === 'enforce';
  const { evidence: keys } = policy.act;
  climb.evidenceMs = nowMs;
  const stalledMs = nowMs - climb.stalledMs;
  out.events.push({ kind: 'evidence', episode: episode.number, keys, stalledMs, memory: memoryFacts(sample), sent });
  if (sent) out.tasks.push({ kind: 'evidence', keys });
};

export const takeLastResort = (
  { climb }: State,
  action: LastDeed,
  { mode }: Policy,
  nowMs: number,
  out: TickOutput,
): void => {
  climb.lastResortMs = nowMs;
  out.intents.push({ kind: 'last_resort', action, dryRun: mode === 'observe' });
};

/** What came of the last resort: told, should anybody be left to tell it. */
export const settleLastResort = (
  state: State,
  { action, dryRun }: LastResortIntent,
  errno: number,
  nowMs: number,
  out: TickOutput,
): void => {
  const stalledMs = nowMs - state.climb.stalledMs;
  const sent = errno === 0 && !dryRun;
  out.events.push({ kind: 'last_resort', episode: state.episode.number, action, stalledMs, sent, errno });
};
