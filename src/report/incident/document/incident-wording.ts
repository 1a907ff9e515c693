/** The words of an incident report. Sentences of single events are those of the log (wording.ts and its neighbours). */
import { count, size, sizeOf, span } from '../../amount.ts';
import { isPlainUnit } from '../../command-words.ts';
import { CAUSE_WORDS, CLASS_WORDS } from '../../livelock-remedy.ts';
import { livelockRemedy } from '../../livelock-wording.ts';
import { available, type EventOf, named, who } from '../../sentence.ts';
import { lineOf } from '../../wording.ts';
import type { Facts } from '../gather/facts.ts';

/** "21:34:12", UTC as everywhere in a report. */
export const clockOf = (timeMs: number): string => {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? '--:--:--' : time.toISOString().slice(11, 19);
};

/** Ended by a full stop. Not begun by a capital: its first word may be the name of a process. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const hasReached = ({ sent, errno }: EventOf<'signal'>): boolean => sent && errno === 0;

/** The first that reached somebody, if any did; to who was chosen rather than to who goes along. */
const firstSignal = ({ signals }: Facts): EventOf<'signal'> | undefined => {
  const all = signals.list();
  const chosen = all.filter(({ company }) => company === '');
  return chosen.find(hasReached) ?? all.find(hasReached) ?? chosen[0] ?? all[0];
};

const firstKill = ({ kernel }: Facts): EventOf<'kernel_kill'> | undefined =>
  kernel.list().find((event) => event.kind === 'kernel_kill');

const firstRescue = ({ others }: Facts): EventOf<'rescue'> | undefined =>
  others.list().find((event) => event.kind === 'rescue');

/** One sentence for a list: to whom it happened, or what it was. */
export const titleOf = (facts: Facts): string => {
  const signal = firstSignal(facts);
  const livelock = facts.livelocks.list()[0];
  const kill = firstKill(facts);
  const more = (count: number): string => (count > 1 ? ` and ${count - 1} more` : '');
  if (signal !== undefined && hasReached(signal)) {
    return `Short of memory: killed ${who(signal.victim)}${more(facts.killed.byUs.size)}`;
  }
  const rescue = firstRescue(facts);
  if (rescue?.outcome === 'killed') return `Short of memory: the second process killed ${named(rescue)}`;
  if (livelock !== undefined) return `Livelock: ${CAUSE_WORDS[livelock.cause].cause}`;
  if (kill !== undefined) return `The kernel killed ${named(kill)}${more(facts.killed.byKernel.size)}`;
  if (signal?.errno === 0) return `Short of memory: would have killed ${who(signal.victim)}`;
  const other = facts.others.list().find(({ kind }) => kind === 'cgroup' || kind === 'cgroup_rule');
  // Up to its numbers: a path of containerd has colons of its own.
  if (other !== undefined) return lineOf(other).msg.split(': ', 1)[0] ?? '';
  const isIdle = signal !== undefined || facts.nothings.list().length > 0;
  return isIdle ? 'Short of memory: nobody was killed' : 'Short of memory';
};

const whatHappened = (facts: Facts): string => {
  const { first, memory, livelocks, startedMs } = facts;
  const at = `At ${clockOf(startedMs)} UTC`;
  const livelock = livelocks.list()[0];
  if (livelock !== undefined) {
    return sentence(
      `${at} the host stopped making progress ${CLASS_WORDS[livelock.class]}; ${CAUSE_WORDS[livelock.cause].cause}`,
    );
  }
  if (memory !== undefined) {
    const { memTotalKiB, swapTotalKiB } = memory.lowest;
    const low = `MemAvailable fell to ${sizeOf(memory.lowest.memAvailableKiB, memTotalKiB)}`;
    const swap = swapTotalKiB > 0 ? `, SwapFree ${sizeOf(memory.lowest.swapFreeKiB, swapTotalKiB)}` : '';
    const by = first !== undefined && first.detectors.length > 0 ? ` (${first.detectors.join(', ')})` : '';
    return sentence(`${at} memory became short${by}: ${low}${swap}`);
  }
  const event = facts.kernel.list()[0] ?? facts.others.list()[0] ?? facts.events.list()[0];
  return event === undefined ? sentence(`${at} it began`) : sentence(`${at} ${lineOf(event).msg}`);
};

const whatWasDone = (facts: Facts): string => {
  const signal = firstSignal(facts);
  if (signal !== undefined) {
    const { msg } = lineOf(signal);
    if (!hasReached(signal)) return sentence(signal.errno === 0 ? `oomwatchd ${msg}` : `oomwatchd tried: ${msg}`);
    const others = facts.killed.byUs.size - 1;
    const more = others > 0 ? `; ${count(others, 'more process', 'more processes')} followed` : '';
    return sentence(`oomwatchd sent ${msg}${more}`);
  }
  const deed = firstRescue(facts) ?? facts.others.list().find(({ kind }) => kind === 'sysrq' || kind === 'remedy');
  if (deed !== undefined) return sentence(lineOf(deed).msg);
  const nothing = facts.nothings.list().at(-1);
  if (nothing !== undefined) return sentence(lineOf(nothing).msg);
  const kill = firstKill(facts);
  return kill === undefined ? 'oomwatchd signalled nobody.' : 'oomwatchd signalled nobody; the kernel was first.';
};

const whatCame = (facts: Facts): string => {
  const { verdicts, episodeEnd, livelocks, memory, endedMs } = facts;
  if (endedMs === null) {
    return sentence(`It is still going on${memory === undefined ? '' : `: ${available(memory.last)}`}`);
  }
  const parts: string[] = [];
  const verdict = verdicts.list().at(-1);
  if (verdict !== undefined) parts.push(lineOf(verdict).msg);
  const ended = livelocks.list().findLast(({ stage }) => stage === 'ends');
  if (ended !== undefined) parts.push(`the livelock was over after ${span(ended.forMs)}`);
  if (episodeEnd !== undefined) {
    const back = Math.max(0, episodeEnd.returnedKiB);
    const came = back > 0 ? `, ${size(back)} came back in all` : '';
    parts.push(`the shortage was over after ${span(episodeEnd.durationMs)}${came}`);
  }
  if (parts.length > 0) return sentence(`In the end ${parts.join('; ')}`);
  const last = memory === undefined ? '' : `: ${available(memory.last)}`;
  return sentence(`It was over after ${span(Math.max(0, endedMs - facts.startedMs))}${last}`);
};

/** What happened; what was done, to whom and why; what came of it. */
export const storyOf = (facts: Facts): [string, string, string] => [
  whatHappened(facts),
  whatWasDone(facts),
  whatCame(facts),
];

/** What to do now, most urgent first, each once. */
export const adviceOf = (facts: Facts): string[] => {
  const advice: string[] = [];
  for (const { cause, subject, killHelps, class: kind } of facts.livelocks.list()) {
    const help = killHelps ? '' : '; killing does not end it';
    if (kind === 'none') continue;
    advice.push(sentence(`${CAUSE_WORDS[cause].cause}; remedy: ${livelockRemedy(cause, subject)}${help}`));
  }
  for (const victim of facts.lives.values()) if (victim.reason !== null) advice.push(sentence(lineOf(victim).msg));
  if (facts.holders !== undefined && facts.holders.holders.length > 0) advice.push(sentence(lineOf(facts.holders).msg));
  for (const event of facts.kernel.list()) {
    if (event.kind === 'kill_burst' || event.kind === 'kernel_kills_unseen') advice.push(sentence(lineOf(event).msg));
  }
  for (const { victim } of facts.signals.list()) {
    if (!isPlainUnit(victim.unit)) continue;
    advice.push(
      `If ${victim.unit} grows again: systemctl set-property ${victim.unit} MemoryMax=SIZE lets it fail by itself, before the host is short.`,
    );
  }
  if (facts.signals.list().some(({ sent, errno }) => !sent && errno === 0)) {
    advice.push('Nothing was sent, as the mode is observe; with mode: enforce it would have been.');
  }
  return [...new Set(advice)].slice(0, 8);
};
