/** Which victims and which cgroup remedies are for: what the register, the cgroups and the verdict on the host say of it. */
import { isNamedBy } from './cgroup/rule-watch.ts';
import type { TickOutput } from './output.ts';
import type { CgroupRule, Policy } from './policy.ts';
import { followRemedies } from './remedies/follow.ts';
import type { State } from './state.ts';
import type { TickInputs } from './tick.ts';
import { ABSENT } from './units.ts';

/** The cgroup that stands because of its memory.high: by the verdict on the host, else by what was told of that cgroup. */
const throttledCgroup = ({ livelock, cgroupWatch }: State): string => {
  if (livelock.class !== 'none' && livelock.cause === 'memory_high' && livelock.confidence !== 'low')
    return livelock.subject;
  // By index: an iterator is an object, and this is each turn's.
  for (let at = 0; at < cgroupWatch.troubles.length; at++) {
    const { condition, toldMs, path } = cgroupWatch.troubles[at] as (typeof cgroupWatch.troubles)[number];
    if (condition === 'memory_high' && toldMs !== ABSENT) return path;
  }
  return '';
};

/** Where the operator has chosen that somebody is killed for it, that is what is done. */
const isKilledFor = (path: string, rules: readonly CgroupRule[]): boolean =>
  rules.some((rule) => rule.action !== 'tell' && isNamedBy(rule, path));

/** One turn of the remedies. */
export const relieve = (state: State, inputs: TickInputs, policy: Policy, nowMs: number, out: TickOutput): void => {
  const { remedies, register, cgroups } = state;
  const found = throttledCgroup(state);
  const throttled = found !== '' && isKilledFor(found, policy.cgroups) ? '' : found;
  const { observed, sample } = inputs;
  followRemedies(remedies, observed.remedied, register.dying, throttled, cgroups, sample, policy, nowMs, out);
};
