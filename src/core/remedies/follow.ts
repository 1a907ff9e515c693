/** One turn of the remedies: what they came to, what they brought, and which is due next. */
import type { CgroupRow } from '../cgroup-row.ts';
import type { Dying } from '../dying.ts';
import type { Policy } from '../policy.ts';
import type { Remedied, RemedyEffect } from '../remedy.ts';
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';
import { relieveVictims } from './for-victim.ts';
import { liftMemoryHigh, noteLifted, putBack, restoreMemoryHigh } from './memory-high.ts';
import { forgetOld, type Remedies, type RemedyOutput, remedyEvent, type Started } from './remedies.ts';

/** A freed victim of gigabytes is gone in a second or two, a throttled task sleeps 2 s at the most before it looks again. */
export const EFFECT_MS = 5000;

/** The look whether a raised limit can be put back: told to nobody, unless there is something to do or nothing left. */
const takeLook = (remedies: Remedies, { serial, result }: Remedied, nowMs: number, out: RemedyOutput): void => {
  const at = remedies.lifted.findIndex((each) => each.lookSerial === serial);
  const lifted = remedies.lifted[at];
  // One that hangs keeps its serial: no further look is begun.
  if (lifted === undefined || result === 'hung') return;
  lifted.lookSerial = ABSENT;
  if (result === 'observed') putBack(remedies, lifted, nowMs, out);
  else if (result !== 'not_yet') remedies.lifted.splice(at, 1);
};

const take = (remedies: Remedies, remedied: Remedied, nowMs: number, out: RemedyOutput): void => {
  const started = remedies.started.find(({ remedy }) => remedy.serial === remedied.serial);
  if (started === undefined) {
    takeLook(remedies, remedied, nowMs, out);
    return;
  }
  const { remedy } = started;
  const { result, errno, oldValue, newValue, detail } = remedied;
  started.result = result;
  started.isUnderWay = result === 'hung';
  started.answeredMs = nowMs;
  if (oldValue !== '') started.oldValue = oldValue;
  if (newValue !== '') started.newValue = newValue;
  out.events.push(remedyEvent(started, 'after', errno, detail, nowMs));
  if (remedy.kind === 'restore_memory_high') {
    const at = remedies.lifted.findIndex(({ path }) => path === remedy.object);
    // Put back, or somebody else's by now; one that cannot be written is not tried for ever.
    if (at !== -1 && result !== 'hung' && result !== 'not_yet') remedies.lifted.splice(at, 1);
  } else if (remedy.kind === 'lift_memory_high' && result === 'done') {
    noteLifted(remedies, remedy.object, remedy.fromKiB, remedy.toKiB, nowMs);
  }
};

/** What it has brought by now; null while that is open. */
const effectOf = (started: Started, remedies: Remedies, nowMs: number): RemedyEffect | null => {
  const { remedy, dying, answeredMs } = started;
  const isOver = nowMs - answeredMs >= EFFECT_MS;
  if (dying !== null) return dying.life === 'gone' ? 'victim_gone' : isOver ? 'victim_stays' : null;
  if (!isOver) return null;
  return remedies.highPath === remedy.object ? 'stall_goes_on' : 'stall_over';
};

const judge = (remedies: Remedies, started: Started, nowMs: number, out: RemedyOutput): void => {
  if (started.result === null || started.isSettled || started.isUnderWay) return;
  // Nothing was changed, or a limit is as it was: there is nothing to wait for.
  if (started.result !== 'done' || started.remedy.kind === 'restore_memory_high') {
    started.isSettled = true;
    return;
  }
  started.effect = effectOf(started, remedies, nowMs);
  if (started.effect === null) return;
  started.isSettled = true;
  out.events.push(remedyEvent(started, 'effect', 0, '', nowMs));
};

/** Nobody dies, nothing is under way, raised or held up: the rule, which costs nothing. */
const isQuiet = (
  remedies: Remedies,
  remedied: readonly Remedied[],
  dying: readonly Dying[],
  throttled: string,
): boolean =>
  remedied.length + dying.length + remedies.started.length + remedies.lifted.length === 0 &&
  throttled === '' &&
  remedies.highPath === '';

/**
 * Follows what is under way and begins what is due; appends to the events and tasks of `out`. `throttled`: the path of the
 * cgroup that its memory.high holds up, "" for none; its row is among `cgroups`.
 */
export const followRemedies = (
  remedies: Remedies,
  remedied: readonly Remedied[],
  dying: readonly Dying[],
  throttled: string,
  cgroups: readonly CgroupRow[],
  sample: Sample,
  policy: Pick<Policy, 'remedies' | 'mode'>,
  nowMs: number,
  out: RemedyOutput,
): void => {
  if (isQuiet(remedies, remedied, dying, throttled)) return;
  for (const each of remedied) take(remedies, each, nowMs, out);
  liftMemoryHigh(remedies, throttled, cgroups, sample, policy, nowMs, out);
  for (const started of remedies.started) judge(remedies, started, nowMs, out);
  relieveVictims(remedies, dying, policy, nowMs, out);
  restoreMemoryHigh(remedies, nowMs, out);
  forgetOld(remedies, nowMs);
};
