/** The bare core on a machine: turns in virtual time as control's loop makes them, and what was decided, in prose. */

import type { Reaped, Sight } from '../../../src/core/dying.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { noteCalmRound, noteKernelDeaths } from '../../../src/core/fork-storm.ts';
import type { Outcome, SignalIntent, SysrqIntent } from '../../../src/core/intent.ts';
import { emptyObservations } from '../../../src/core/observations.ts';
import type { TickOutput } from '../../../src/core/output.ts';
import { paceMs } from '../../../src/core/pace.ts';
import type { Policy } from '../../../src/core/policy.ts';
import { emptySample } from '../../../src/core/sample.ts';
import { settle } from '../../../src/core/settle.ts';
import { settleLastResort } from '../../../src/core/standstill.ts';
import { createState, type State } from '../../../src/core/state.ts';
import { settlePress } from '../../../src/core/sysrq.ts';
import { type TickInputs, tick } from '../../../src/core/tick.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import { isPending } from '../../../src/core/victim.ts';
import type { Machine } from './machine.ts';

/** One event as a sentence; '' for what a story does not need. */
const tell = (event: OomwatchdEvent): string => {
  switch (event.kind) {
    case 'level':
      return `${event.from} -> ${event.to}${event.detectors.length > 0 ? ` (${event.detectors.join(', ')})` : ''}`;
    case 'episode_started':
      return `episode ${event.episode} starts`;
    case 'episode_ended':
      return `episode ${event.episode} ends, signals: ${event.signals}`;
    case 'signal': {
      const errno = event.errno === 0 ? '' : `, errno ${event.errno}`;
      return `${event.sent || event.errno !== 0 ? '' : 'would send '}SIG${event.signal} to ${event.victim.comm} (${event.reason}${errno})`;
    }
    case 'verify':
      return event.verdict === null ? '' : `${event.comm}: ${event.verdict}`;
    case 'no_action':
      return `no action: ${event.reason}`;
    case 'sysrq':
      return `SysRq-f ${event.outcome}${event.comm === '' ? '' : ` (${event.comm})`}`;
    case 'evidence':
      return `evidence ${event.keys}`;
    case 'last_resort':
      return `${event.sent ? '' : 'would '}${event.action}`;
    default:
      return '';
  }
};

export interface Watch {
  readonly state: State;
  readonly told: readonly { readonly event: OomwatchdEvent; readonly atMs: number }[];
  /** The events of `told` of one kind. */
  of<K extends OomwatchdEvent['kind']>(kind: K): (Extract<OomwatchdEvent, { kind: K }> & { atMs: number })[];
  readonly signals: readonly (SignalIntent & { readonly atMs: number })[];
  /** Every decision as a line; levels are left out unless they are asked for. */
  story(withLevels?: boolean): string[];
  readonly turns: () => number;
  readonly scans: () => number;
  run(ms: number): void;
  setPolicy(policy: Policy): void;
}

/** `onSignal` and `onPress` see each signal and each press before it is made, with the state that led to it. */
export const watch = (
  machine: Machine,
  firstPolicy: Policy,
  onSignal: (intent: SignalIntent, state: State) => void = () => undefined,
  onPress: (intent: SysrqIntent, state: State) => void = () => undefined,
): Watch => {
  const state = createState(machine.table.capacity);
  const sample = emptySample();
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  /** What process_mrelease came to: seen by the next turn. */
  const reaped: Reaped[] = [];
  const told: { event: OomwatchdEvent; atMs: number }[] = [];
  const signals: (SignalIntent & { atMs: number })[] = [];
  let policy = firstPolicy;
  let turns = 0;
  let scans = 0;
  machine.apply(policy.select);

  const read = (): void => {
    machine.readBasics(sample);
    machine.readDetails(sample);
  };

  const turn = (): number => {
    turns++;
    out.intents.length = 0;
    out.events.length = 0;
    read();
    const watched = state.victims.filter((victim) => isPending(victim) && !victim.simulated);
    const exited = watched.filter(({ slot }) => machine.hasExited(slot)).map(({ slot }) => slot);
    const sights = state.register.dying.map((dying) => {
      const sight = {} as Sight;
      machine.look(dying, sight);
      return sight;
    });
    const taken = reaped.splice(0);
    const kernel = machine.kernelEvents();
    const kernelSlots = kernel.map((event) => ('pid' in event ? machine.table.pid.indexOf(event.pid) : ABSENT));
    const inputs: TickInputs = {
      ...{
        sample,
        table: null,
        exited,
        sights,
        reaped: taken,
        kernel,
        kernelSlots,
        examined: [],
        observed: emptyObservations(),
      },
    };
    noteKernelDeaths(state.forkStorm, kernel, kernelSlots, machine.table, machine.nowMs());
    tick(state, inputs, policy, machine.nowMs(), out);
    if (state.level === LEVEL.CALM) noteCalmRound(state.forkStorm, machine.table);
    if (out.intents[0]?.kind === 'scan') {
      scans++;
      machine.scan();
      read();
      out.intents.length = 0;
      tick(state, { ...inputs, table: machine.table }, policy, machine.nowMs(), out);
    }
    // All shots before anything is told, as in the loop.
    const shots = out.intents.filter((intent) => intent.kind === 'signal');
    for (const intent of shots) onSignal(intent, state);
    const outcomes = shots.map((intent) => machine.signal(intent));
    shots.forEach((intent, at) => {
      signals.push({ ...intent, atMs: machine.nowMs() });
      const settled = { table: machine.table, sample, policy, scanMs: 2, nowMs: machine.nowMs() };
      settle(state, intent, outcomes[at] as Outcome, settled, out.events, out.tasks);
    });
    for (const intent of out.intents) {
      if (intent.kind === 'sysrq_f') {
        onPress(intent, state);
        settlePress(state, intent, machine.press(intent), sample, false, machine.nowMs(), out);
      } else if (intent.kind === 'last_resort') settleLastResort(state, intent, 0, machine.nowMs(), out);
    }
    for (const task of out.tasks.splice(0)) if (task.kind === 'reap') reaped.push(machine.reap(task.dying));
    for (const event of out.events) told.push({ event, atMs: machine.nowMs() });
    return paceMs(state.detect.verdict, state.detect.slope.lossKiBPerMs, false, state.dueMs, policy.pace);
  };

  return {
    state,
    told,
    of: (kind) =>
      told.flatMap(({ event, atMs }) =>
        event.kind === kind ? [{ ...(event as Extract<OomwatchdEvent, { kind: typeof kind }>), atMs }] : [],
      ),
    signals,
    story: (withLevels = false) =>
      told.map(({ event }) => (event.kind === 'level' && !withLevels ? '' : tell(event))).filter((line) => line !== ''),
    turns: () => turns,
    scans: () => scans,
    run: (ms) => {
      const endMs = machine.nowMs() + ms;
      while (machine.nowMs() < endMs) machine.pass(turn());
    },
    setPolicy: (next) => {
      policy = next;
      machine.apply(policy.select);
    },
  };
};
