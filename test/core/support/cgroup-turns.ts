/** Turns of the bare core on a calm host of which one cgroup is in trouble, in virtual time, and what was decided, in prose. */
import type { CgroupRow } from '../../../src/core/cgroup-row.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { Outcome, SignalIntent } from '../../../src/core/intent.ts';
import { type CgroupMembers, emptyObservations } from '../../../src/core/observations.ts';
import type { TickOutput } from '../../../src/core/output.ts';
import type { Policy } from '../../../src/core/policy.ts';
import { FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { settle } from '../../../src/core/settle.ts';
import { createState, type State } from '../../../src/core/state.ts';
import { type TickInputs, tick } from '../../../src/core/tick.ts';
import { aSample } from './samples.ts';

export interface CgroupTurns {
  readonly state: State;
  readonly events: (OomwatchdEvent & { readonly atMs: number })[];
  readonly signals: (SignalIntent & { readonly atMs: number })[];
  readonly killPaths: string[];
  /** "SIGKILL to hog", "reached", "hog: recovered", each with the second in which it was. */
  story(): string[];
  run(ms: number): void;
}

export interface CgroupScene {
  policy: Policy;
  table: ProcessTable;
  rows: (nowMs: number) => readonly CgroupRow[];
  /** Of whichever cgroup is asked about; null: nobody answers. */
  members?: Partial<CgroupMembers> | null;
  sample?: (nowMs: number) => Partial<Sample>;
  /** What a signal comes to; sent when left out. */
  outcome?: (intent: SignalIntent) => Outcome;
  /** From one turn to the next; a tenth of a second when left out. */
  turnMs?: number;
  /** Milliseconds from a SIGKILL to the exit; never when left out. */
  exitAfterMs?: number;
}

const TURN_MS = 100;
/** Rows are read twice a second, or in each turn that is rarer. */
const READ_MS = 500;

export const cgroupTurns = (scene: CgroupScene): CgroupTurns => {
  const { table, policy, turnMs = TURN_MS } = scene;
  const turnsPerReading = Math.max(1, READ_MS / turnMs);
  const state = createState(table.capacity);
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  const observed = emptyObservations();
  const events: CgroupTurns['events'] = [];
  const signals: CgroupTurns['signals'] = [];
  const killPaths: string[] = [];
  const exits = new Map<number, number>();
  let turns = 0;
  let nowMs = 0;

  const turn = (): void => {
    if (turns++ % turnsPerReading === 0) {
      observed.cgroups = scene.rows(nowMs);
      observed.cgroupSerial++;
    }
    const wanted = state.ruleWatch.wanted || state.cgroupWatch.wanted;
    if (wanted !== '' && scene.members !== null) {
      observed.cgroupMembers = { path: wanted, processes: 1, unkillable: 0, text: '', isWhole: true, ...scene.members };
    }
    out.intents.length = out.events.length = out.tasks.length = 0;
    const sample = aSample({ memorySomeUs: nowMs * 500, ...scene.sample?.(nowMs) });
    const exited = [...exits].filter(([, atMs]) => nowMs >= atMs).map(([slot]) => slot);
    const none = { kernel: [], kernelSlots: [], sights: [], reaped: [], examined: [] };
    const inputs: TickInputs = { sample, table: null, exited, observed, ...none };
    tick(state, inputs, policy, nowMs, out);
    if (out.intents[0]?.kind === 'scan') {
      out.intents.length = 0;
      tick(state, { ...inputs, table }, policy, nowMs, out);
    }
    for (const intent of out.intents) {
      if (intent.kind !== 'signal') continue;
      const outcome = scene.outcome?.(intent) ?? { sent: !intent.dryRun, errno: 0 };
      signals.push({ ...intent, atMs: nowMs });
      settle(state, intent, outcome, { table, sample, policy, scanMs: 1, nowMs }, out.events, out.tasks);
      const isFatal = outcome.sent && intent.signal === 'KILL' && scene.exitAfterMs !== undefined;
      if (isFatal) exits.set(intent.slot, nowMs + (scene.exitAfterMs as number));
    }
    for (const { path } of state.wholeKills.splice(0)) killPaths.push(path);
    // What has exited is gone from the register as soon as a look shows it.
    for (const slot of exited) {
      table.flags[slot] = (table.flags[slot] as number) | FLAG.GONE;
      const at = state.register.dying.findIndex((dying) => dying.slot === slot);
      if (at >= 0) state.register.dying.splice(at, 1);
    }
    for (const event of out.events) events.push({ ...event, atMs: nowMs });
    nowMs += turnMs;
  };

  const tell = (event: OomwatchdEvent): string => {
    if (event.kind === 'signal') return `${event.sent ? '' : 'would send '}SIG${event.signal} to ${event.victim.comm}`;
    if (event.kind === 'cgroup_rule') return `${event.path} ${event.outcome}`;
    return event.kind === 'verify' && event.verdict !== null ? `${event.comm}: ${event.verdict}` : '';
  };

  return {
    state,
    events,
    signals,
    killPaths,
    story: () =>
      events
        .map((event) => ({ event, text: tell(event) }))
        .filter(({ text }) => text !== '')
        .map(({ event, text }) => `${event.atMs / 1000} s: ${text}`),
    run: (ms) => {
      for (const endMs = nowMs + ms; nowMs < endMs; ) turn();
    },
  };
};
