/** What is remembered of remedies: which are under way, what each brought, and every memory.high that is not as it was. */
import type { Dying } from '../dying.ts';
import type { OomwatchdEvent } from '../event.ts';
import type { Task } from '../intent.ts';
import type { Remedy, RemedyEffect, RemedyKind, RemedyResult, RemedyStage } from '../remedy.ts';
import { ABSENT } from '../units.ts';

export interface Started {
  readonly remedy: Remedy;
  /** The victim that it is for, null for memory.high. */
  readonly dying: Dying | null;
  readonly atMs: number;
  /** Its call has not returned. One that hangs stays so. */
  isUnderWay: boolean;
  result: RemedyResult | null;
  /** When it returned or was found to hang; ABSENT before. */
  answeredMs: number;
  oldValue: string;
  newValue: string;
  effect: RemedyEffect | null;
  /** What it brought is known, or there is nothing to wait for. */
  isSettled: boolean;
}

/** A memory.high that we have raised. */
export interface Lifted {
  readonly path: string;
  readonly oldKiB: number;
  readonly newKiB: number;
  /** What it was given beyond what it had: taken off from what the next one can be given. */
  readonly grantedKiB: number;
  /** When it was last looked at whether the old value can be put back. */
  lookedMs: number;
  /** Serial of that look, ABSENT while none is under way. */
  lookSerial: number;
}

export interface Remedies {
  serial: number;
  /** Of the last minutes, oldest first. */
  readonly started: Started[];
  readonly lifted: Lifted[];
  /** The cgroup that memory.high holds up, and since when; "" for none. */
  highPath: string;
  highMs: number;
  /** For which cgroup it was last told that the host has nothing to spare, and when. */
  withheldPath: string;
  withheldMs: number;
}

export const createRemedies = (): Remedies => ({
  serial: 0,
  started: [],
  lifted: [],
  highPath: '',
  highMs: ABSENT,
  withheldPath: '',
  withheldMs: ABSENT,
});

/** Where what is decided goes. */
export interface RemedyOutput {
  readonly events: OomwatchdEvent[];
  readonly tasks: Task[];
}

/** An object is left alone for so long after a remedy: when it is as before by then, somebody wants it so. */
export const ONCE_MS = 600_000;
const MINUTE_MS = 60_000;
/** Of the pool's twelve threads, how many may hang in remedies; others have to reap, examine and read. */
const HUNG_MAX = 2;

/**
 * Whether another one may begin: one at a time, so that each can be told what it brought; none of a kind of which one
 * hangs, as the next would hang with it; and no more in a minute than policy says.
 */
export const mayBegin = (remedies: Remedies, kind: RemedyKind, perMinute: number, nowMs: number): boolean => {
  let hung = 0;
  let recent = 0;
  for (const { remedy, isUnderWay, result, atMs } of remedies.started) {
    if (isUnderWay && (result === null || remedy.kind === kind)) return false;
    if (isUnderWay) hung++;
    if (nowMs - atMs < MINUTE_MS) recent++;
  }
  return hung < HUNG_MAX && recent < perMinute;
};

export const wasTried = (remedies: Remedies, kind: RemedyKind, object: string): boolean =>
  remedies.started.some(({ remedy }) => remedy.kind === kind && remedy.object === object);

/** What differs from remedy to remedy. */
export type RemedyWish = Omit<Remedy, 'serial'>;

/** The events of one remedy, with what is known by now. */
export const remedyEvent = (
  { remedy, dying, atMs, oldValue, newValue, result, effect }: Started,
  stage: RemedyStage,
  errno: number,
  detail: string,
  nowMs: number,
): OomwatchdEvent => ({
  kind: 'remedy',
  stage,
  remedy: remedy.kind,
  object: remedy.object,
  place: remedy.place,
  pid: remedy.pid,
  comm: dying?.comm ?? '',
  oldValue,
  newValue,
  result,
  errno,
  effect,
  afterMs: nowMs - atMs,
  detail,
});

/** Begins one: tells it before, and asks for it. `detail`: why. */
export const begin = (
  remedies: Remedies,
  wish: RemedyWish,
  dying: Dying | null,
  values: { readonly oldValue: string; readonly newValue: string },
  detail: string,
  nowMs: number,
  out: RemedyOutput,
): void => {
  const remedy: Remedy = { serial: ++remedies.serial, ...wish };
  const started: Started = {
    ...{ remedy, dying, atMs: nowMs, isUnderWay: true, result: null, answeredMs: ABSENT, effect: null },
    ...{ ...values, isSettled: false },
  };
  remedies.started.push(started);
  out.events.push(remedyEvent(started, 'before', 0, detail, nowMs));
  out.tasks.push({ kind: 'remedy', remedy, dying });
};

/** Forgets what is too old to matter. */
export const forgetOld = ({ started }: Remedies, nowMs: number): void => {
  for (let at = started.length - 1; at >= 0; at--) {
    const each = started[at] as Started;
    if (!each.isUnderWay && nowMs - each.atMs >= ONCE_MS) started.splice(at, 1);
  }
};
