/** One tick of the register: lives move on, deadlines pass, and what may sleep is asked for off the loop. */
import type { Dying, Reaped, Sight } from '../dying.ts';
import type { OomwatchdEvent } from '../event.ts';
import type { Task } from '../intent.ts';
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';
import { LEVEL } from '../verdict.ts';
import { crossCheck } from './cross-check.ts';
import { takeKernelEvents } from './kernel-kills.ts';
import { advance, lifeOf, victimEvent } from './lives.ts';
import { followPress } from './press.ts';
import { findDying, type Register, type RegisterInputs, type RegisterPolicy } from './register.ts';

/**
 * Whom others killed gets this long to go by itself before its memory is taken: most are gone by then. The kernel's own
 * reaper waits for 2 s (OOM_REAPER_DELAY, mm/oom_kill.c).
 */
const REAP_OTHERS_MS = 200;
/** A process of gigabytes needs some 100 ms to exit: who is there after this is worth a look. */
const EXAMINE_MS = 1000;
/** The reason may change, or become visible: looked at again. */
const EXAMINE_AGAIN_MS = 4000;

const takeReaped = (register: Register, reaped: Reaped, episode: number, events: OomwatchdEvent[]): void => {
  const dying = findDying(register, reaped.pid);
  if (dying === undefined) return;
  const { result, tries, durationMs, releasedKiB } = reaped;
  dying.reap = result;
  const { pid, comm } = dying;
  events.push({ kind: 'reap', episode, pid, comm, result, tries, durationMs, releasedKiB });
  if (result === 'hung') {
    dying.reason = 'mmap_lock';
    if (dying.detail === '') dying.detail = 'process_mrelease(2) waits for mmap_lock: a thread holds it for write';
  } else if (result === 'sharer_alive' || result === 'core_dump') dying.reason ??= result;
};

/** What is wanted for one entry now. */
const wants = (dying: Dying, level: number, policy: RegisterPolicy, nowMs: number, tasks: Task[]): void => {
  const ageMs = nowMs - dying.sinceMs;
  const isOurs = dying.killedBy === 'oomwatchd' || dying.killedBy === 'standby';
  const mayReap = policy.act.reap && policy.mode === 'enforce' && dying.slot !== ABSENT;
  if (mayReap && dying.reap === null && (isOurs || (level >= LEVEL.TERM && ageMs >= REAP_OTHERS_MS))) {
    dying.reap = 'running';
    tasks.push({ kind: 'reap', dying });
  }
  // Once in any case: what process_mrelease(2) came to says why, not where.
  const isKnown = dying.reason !== null && dying.reason !== 'unknown';
  const isFirst = dying.examinedMs === ABSENT && ageMs >= EXAMINE_MS;
  const isAgain = dying.examinedMs !== ABSENT && !isKnown && nowMs - dying.examinedMs >= EXAMINE_AGAIN_MS;
  if (isFirst || isAgain) {
    dying.examinedMs = nowMs;
    tasks.push({ kind: 'examine', dying });
  }
};

const followOne = (
  dying: Dying,
  sight: Sight,
  limitMs: number,
  episode: number,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  let isNews = advance(dying, lifeOf(dying, sight));
  if (dying.life !== 'gone' && !dying.isIgnored && nowMs - dying.sinceMs >= limitMs) {
    dying.isIgnored = true;
    isNews = advance(dying, 'stuck') || isNews;
  }
  if (isNews) events.push(victimEvent(dying, episode, nowMs));
};

/** Nobody dies and nobody says anything: the rule, which costs nothing. */
const isQuiet = (register: Register, { kernel, reaped, examined }: RegisterInputs): boolean =>
  register.dying.length + register.kernelKills.length + register.burstKills === 0 &&
  kernel.length + reaped.length + examined.length === 0 &&
  !register.press.isOpen;

/** Follows every entry; `limitMs`: after which nobody waits for it (patch 5). Appends to `events` and `tasks`. */
export const followRegister = (
  register: Register,
  inputs: RegisterInputs,
  sample: Sample,
  level: number,
  policy: RegisterPolicy,
  limitMs: number,
  episode: number,
  nowMs: number,
  events: OomwatchdEvent[],
  tasks: Task[],
): void => {
  crossCheck(register, sample.oomKill, nowMs, events);
  if (isQuiet(register, inputs)) return;
  for (const reaped of inputs.reaped) takeReaped(register, reaped, episode, events);
  for (const { pid, reason, detail, blockers } of inputs.examined) {
    const dying = findDying(register, pid);
    if (dying === undefined) continue;
    // What process_mrelease(2) came to is proof; that nothing else was found is not.
    if (reason === 'unknown' && dying.reason !== null && dying.reason !== 'unknown') continue;
    const isNews = reason !== dying.reason;
    dying.reason = reason;
    dying.detail = detail;
    dying.blockers = blockers;
    if (isNews) events.push(victimEvent(dying, episode, nowMs));
  }
  const { dying: entries } = register;
  for (const sight of inputs.sights) {
    const dying = findDying(register, sight.pid);
    if (dying !== undefined) followOne(dying, sight, limitMs, episode, nowMs, events);
  }
  if (inputs.kernel.length > 0 || register.kernelKills.length > 0 || register.burstKills > 0) {
    takeKernelEvents(register, inputs, sample.oomKillAllocatingTask, episode, nowMs, events);
  }
  followPress(register, sample, episode, nowMs, events);
  for (let at = entries.length - 1; at >= 0; at--) {
    const dying = entries[at] as Dying;
    if (dying.life === 'gone') entries.splice(at, 1);
    else wants(dying, level, policy, nowMs, tasks);
  }
};

/** Milliseconds to the next time that an entry has something due; ABSENT when none has. */
export const registerDueMs = (register: Register, limitMs: number, nowMs: number): number => {
  let due: number = ABSENT;
  for (const dying of register.dying) {
    if (dying.isIgnored) continue;
    // A second of close looks, then at the next deadline: lives are told with their times.
    const ageMs = nowMs - dying.sinceMs;
    const next = ageMs < EXAMINE_MS ? LOOK_MS : Math.max(0, Math.min(limitMs - ageMs, SLOW_LOOK_MS));
    due = due === ABSENT ? next : Math.min(due, next);
  }
  return due;
};

/** How often an entry is looked at in its first second, and after it. */
const LOOK_MS = 50;
const SLOW_LOOK_MS = 500;
