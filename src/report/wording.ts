/**
 * Event -> sentence. The words for people are here, by theme in the files named *-wording.ts, and in notes.ts (what the
 * report process says about itself); nothing else in the daemon forms a sentence. Written for whoever is woken by it:
 * who, what, why, how much.
 */
import type { Finding, StampedEvent } from '../core/event.ts';
import { count, size, span } from './amount.ts';
import { cgroupRuleSentence, cgroupSentence } from './cgroup-wording.ts';
import { forcedSentence, reapSentence, victimSentence } from './dying-wording.ts';
import { fieldsOf } from './fields.ts';
import { holdersSentence } from './holder-wording.ts';
import { kernelKillSentence, kernelNoteSentence, killBurstSentence, killsUnseenSentence } from './kernel-wording.ts';
import {
  evidenceSentence,
  lastResortSentence,
  restoredSentence,
  sysrqSentence,
  watchdogSentence,
} from './ladder-wording.ts';
import { livelockSentence } from './livelock-wording.ts';
import { drillSentence } from './notice-wording.ts';
import { isPrintable, printable, quoted, visible } from './printable.ts';
import { remedySentence } from './remedy-wording.ts';
import { rescueSentence, standbySentence } from './rescue-wording.ts';
import { available, behindColon, detail, joined, type LogLevel, ownDetail, type Sentence } from './sentence.ts';
import {
  candidatesSentence,
  levelSentence,
  noActionSentence,
  rankedSentence,
  signalSentence,
  verifySentence,
} from './shortage-wording.ts';
import { stalledTaskSentence, stallOverSentence, stallSentence } from './stall-wording.ts';

/** One line of the log. `msg` holds no control character, whatever the processes of the host are called. */
export interface Line {
  readonly level: LogLevel;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const findingSentence = ({ name, status, found, meaning, remedy }: Finding): Sentence => {
  const level = status === 'fatal' ? 'error' : status === 'warn' ? 'warn' : 'debug';
  const cure = remedy === '' ? '' : `remedy: ${detail(remedy)}`;
  return [level, joined([`${quoted(name)} is ${detail(found)}`, detail(meaning), cure])];
};

const from = (files: readonly string[]): string =>
  files.length === 0 ? 'built-in defaults' : files.map((file) => visible(file, 128)).join(', ');

const sentence = (event: StampedEvent): Sentence => {
  switch (event.kind) {
    case 'started': {
      const does = event.mode === 'observe' ? 'observing, nothing will be signalled' : 'enforcing';
      const policy = `policy ${printable(event.configHash)} from ${from(event.files)}`;
      return ['info', `oomwatchd ${printable(event.version)} started, ${does}; ${policy}; ${available(event.memory)}`];
    }
    case 'sysrq':
      return sysrqSentence(event);
    case 'restored':
      return restoredSentence(event);
    case 'evidence':
      return evidenceSentence(event);
    case 'last_resort':
      return lastResortSentence(event);
    case 'watchdog_device':
      return watchdogSentence(event);
    case 'finding':
      return findingSentence(event.finding);
    case 'rehearsed':
      return event.ok
        ? ['info', `rehearsal of a kill passed in ${span(event.durationMs)}${behindColon(event.detail)}`]
        : ['error', `rehearsal of a kill FAILED after ${span(event.durationMs)}${behindColon(event.detail)}`];
    case 'drilled':
      return drillSentence(event);
    case 'policy_loaded':
      return [
        'info',
        `policy ${printable(event.configHash)} in force (${printable(event.mode)}), from ${from(event.files)}`,
      ];
    case 'policy_rejected':
      return ['error', `new configuration rejected, the old one stays in force: ${ownDetail(event.errors.join('; '))}`];
    case 'source':
      if (event.up) return ['info', `source ${quoted(event.name)} can be read${behindColon(event.detail)}`];
      return event.fault === false
        ? ['info', `going on without source ${quoted(event.name)}, which is not needed${behindColon(event.detail)}`]
        : ['warn', `source ${quoted(event.name)} cannot be read, going on without it${behindColon(event.detail)}`];
    case 'level':
      return levelSentence(event);
    case 'episode_started': {
      if (event.detectors.length === 0) return ['warn', `episode ${event.episode} begins: an operator asked for it`];
      const sign = span(Math.max(0, event.monotonicMs - event.firstSignMs));
      return ['warn', `episode ${event.episode} begins (${event.detectors.join(', ')}), first sign ${sign} ago`];
    }
    case 'episode_ended': {
      const cost = `${count(event.signals, 'signal')}, ${size(Math.max(0, event.returnedKiB))} came back`;
      return ['info', `episode ${event.episode} is over after ${span(event.durationMs)}: ${cost}`];
    }
    case 'ranked':
      return rankedSentence(event);
    case 'candidates':
      return candidatesSentence(event);
    case 'signal':
      return signalSentence(event);
    case 'verify':
      return verifySentence(event);
    case 'no_action':
      return noActionSentence(event);
    case 'holders':
      return holdersSentence(event);
    case 'victim':
      return victimSentence(event);
    case 'reap':
      return reapSentence(event);
    case 'remedy':
      return remedySentence(event);
    case 'kernel_kill':
      return kernelKillSentence(event);
    case 'kernel_note':
      return kernelNoteSentence(event);
    case 'kernel_kills_unseen':
      return killsUnseenSentence(event);
    case 'kill_burst':
      return killBurstSentence(event);
    case 'forced':
      return forcedSentence(event);
    case 'cgroup':
      return cgroupSentence(event);
    case 'cgroup_rule':
      return cgroupRuleSentence(event);
    case 'rescue':
      return rescueSentence(event);
    case 'standby':
      return standbySentence(event);
    case 'stall':
      return stallSentence(event);
    case 'stalled_task':
      return stalledTaskSentence(event);
    case 'stall_over':
      return stallOverSentence(event);
    case 'livelock':
      return livelockSentence(event);
    case 'late':
      return ['warn', `a tick came ${span(event.lateMs)} late; ${count(event.majorFaults, 'own major fault')} so far`];
    case 'reporter':
      return [
        event.state === 'started' ? 'info' : 'warn',
        `report process ${printable(event.state)}${behindColon(event.detail)}`,
      ];
    case 'dropped':
      return ['warn', `${count(event.count, 'event')} did not fit into the pipe and are missing here`];
    case 'stopping':
      return ['info', `stopping on ${printable(event.signal)}`];
    default: {
      const unknown: { kind: string } = event satisfies never;
      return ['warn', `event of a kind unknown to this version: ${quoted(unknown.kind)}`];
    }
  }
};

const worded = (event: StampedEvent): Line => {
  const fields = fieldsOf(event);
  try {
    const [level, msg] = sentence(event);
    // A text where a number belongs would not have been escaped.
    if (isPrintable(msg)) return { level, msg, fields };
  } catch {
    // A field that the sentence needs is not there or of another type.
  }
  return { level: 'warn', msg: `event ${quoted(event.kind)} cannot be put into words, see its fields`, fields };
};

let last: { readonly event: StampedEvent; readonly line: Line } | undefined;

/**
 * The line for an event. Never throws: after an upgrade in place control may be older or newer than this process. Several ask
 * for the words of the same event one after the other: they are formed once.
 */
export const lineOf = (event: StampedEvent): Line => {
  if (last?.event !== event) last = { event, line: worded(event) };
  return last.line;
};
