/** What is watched beside the marks, once a turn. Nothing here chooses a victim; core/choose-from asks for what it finds. */
import { noteCalm } from './futility.ts';
import type { State } from './state.ts';
import type { TickInputs } from './tick.ts';

/** One turn of every watcher. */
export const watch = (state: State, inputs: TickInputs): void => {
  noteCalm(state.calm, inputs.sample, state.level);
};
