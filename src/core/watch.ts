/** What is watched beside the marks, once a turn. Nothing here chooses a victim; core/choose-from asks for what it finds. */
import { followCgroups } from './cgroup/cgroup-watch.ts';
import { followRules } from './cgroup/rule-watch.ts';
import { isStalling } from './cgroup/stall.ts';
import { noteCalm } from './futility.ts';
import { followHolding } from './holding.ts';
import { followLivelock } from './livelock/follow.ts';
import type { TickOutput } from './output.ts';
import { noteOwnLimits } from './own-limits.ts';
import type { Policy } from './policy.ts';
import { relieve } from './relieve.ts';
import { followStall } from './stall/stall.ts';
import type { State } from './state.ts';
import type { TickInputs } from './tick.ts';

/** One turn of every watcher. */
export const watch = (state: State, inputs: TickInputs, policy: Policy, nowMs: number, out: TickOutput): void => {
  const { sample, kernel, observed } = inputs;
  noteCalm(state.calm, sample, state.level);
  state.holders = followHolding(state.holding, state.holders, observed.holders, sample, state.level, nowMs, out.events);
  watchCgroups(state, inputs, policy, nowMs, out);
  const { dying } = state.register;
  followStall(state.stallWatch, state.stall, sample, observed.threads, dying, policy, nowMs, out.events);
  // After the others: it judges what they have found.
  followLivelock(state.livelockWatch, state, sample, kernel, observed.swapUse, nowMs, out.events);
  // Last, as it goes by what the others have found.
  relieve(state, inputs, policy, nowMs, out);
};

const watchCgroups = (
  state: State,
  { sample, observed }: TickInputs,
  policy: Policy,
  nowMs: number,
  out: TickOutput,
): void => {
  const { cgroupWatch, ruleWatch } = state;
  cgroupWatch.isStalling = isStalling(cgroupWatch.stall, sample, nowMs);
  if (observed.cgroupSerial === cgroupWatch.readSerial) return;
  cgroupWatch.readSerial = observed.cgroupSerial;
  state.cgroups = observed.cgroups;
  noteOwnLimits(state.detect.ownLimits, observed.cgroups, sample.restores, nowMs);
  followRules(ruleWatch, policy.cgroups, observed.cgroups, nowMs, out.events);
  followCgroups(cgroupWatch, observed.cgroups, observed.cgroupMembers, nowMs, out.events);
};
