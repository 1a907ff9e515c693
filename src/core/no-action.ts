/** Nothing is done about a shortage, and why: told once, and again now and then while it stays so. */
import type { NoActionReason, OomwatchdEvent } from './event.ts';
import { memoryFacts } from './memory-facts.ts';
import type { TickOutput } from './output.ts';
import type { Sample } from './sample.ts';
import type { State } from './state.ts';

/** The same reason is told again after this: a shortage without action is worth a line now and then, not one a tick. */
const NO_ACTION_REPEAT_MS = 10_000;

export const noActionEvent = (
  state: State,
  reason: NoActionReason,
  detail: string,
  sample: Sample,
): OomwatchdEvent => ({
  ...{ kind: 'no_action', episode: state.episode.number, reason, detail, memory: memoryFacts(sample) },
});

export const noAction = (
  state: State,
  reason: NoActionReason,
  detail: string,
  sample: Sample,
  nowMs: number,
  out: TickOutput,
): void => {
  if (state.noAction === reason && nowMs - state.noActionMs < NO_ACTION_REPEAT_MS) return;
  state.noAction = reason;
  state.noActionMs = nowMs;
  out.events.push(noActionEvent(state, reason, detail, sample));
};
