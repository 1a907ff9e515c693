/**
 * Carries out what was decided: all shots first, then what came of them, then what may sleep. Between verdict and signal
 * nothing else happens here.
 */
import type { LastResortIntent, Outcome, SignalIntent, SysrqIntent } from '../core/intent.ts';
import type { TickOutput } from '../core/output.ts';
import type { Policy } from '../core/policy.ts';
import type { Sample } from '../core/sample.ts';
import { settle } from '../core/settle.ts';
import { settleLastResort } from '../core/standstill.ts';
import type { State } from '../core/state.ts';
import { isSteeringOver, settlePress } from '../core/sysrq.ts';
import type { Ports } from './ports.ts';

export interface Hand {
  /** Does what `out.intents` says and tells about it in `out.events`; 0 or the errno of a press. */
  carryOut(policy: Policy, scanMs: number, isForced: boolean): number;
  /** Puts oom_score_adj back that was changed for a press, once that is over. */
  restore(nowMs: number): void;
}

/** `shot`: a signal was sent, or a process killed by the kernel at our wish. */
export const createHand = (
  { clock, executor, index, victims, remedies }: Pick<Ports, 'clock' | 'executor' | 'index' | 'victims' | 'remedies'>,
  state: State,
  sample: Sample,
  out: TickOutput,
  shot: (nowMs: number) => void,
): Hand => {
  const press = (intent: SysrqIntent, isForced: boolean): number => {
    const pressed = executor.sysrqF(intent);
    const nowMs = clock.nowMs();
    shot(nowMs);
    settlePress(state, intent, pressed, sample, isForced, nowMs, out);
    return pressed.errno;
  };

  const lastResort = (intent: LastResortIntent): void => {
    const errno = executor.lastResort(intent.action, intent.dryRun);
    settleLastResort(state, intent, errno, clock.nowMs(), out);
  };

  const signals = (policy: Policy, scanMs: number): void => {
    const outcomes: Outcome[] = [];
    for (const intent of out.intents) if (intent.kind === 'signal') outcomes.push(executor.signal(intent));
    if (outcomes.length === 0) return;
    const nowMs = clock.nowMs();
    shot(nowMs);
    const settled = { table: index.table, sample, policy, scanMs, nowMs };
    outcomes.forEach((outcome, at) => {
      settle(state, out.intents[at] as SignalIntent, outcome, settled, out.events, out.tasks);
    });
  };

  const begin = (): void => {
    if (out.tasks.length === 0) return;
    for (const task of out.tasks) {
      if (task.kind === 'evidence') executor.evidence(task.keys);
      else if (task.kind === 'remedy') remedies.begin(task);
      else if (task.kind === 'reap') victims.reap(task.dying);
      else victims.examine(task.dying);
    }
    out.tasks.length = 0;
  };

  return {
    carryOut: (policy, scanMs, isForced) => {
      let errno = 0;
      // Most turns have none, and nothing is allocated then: by index, as an iterator is an object.
      const intent = out.intents[0];
      if (intent?.kind === 'sysrq_f') errno = press(intent, isForced);
      else if (intent?.kind === 'last_resort') lastResort(intent);
      else if (intent !== undefined) signals(policy, scanMs);
      begin();
      return errno;
    },
    restore: (nowMs) => {
      if (!isSteeringOver(state, nowMs)) return;
      state.register.press.isSteered = false;
      const restored = executor.restore();
      if (restored !== null) out.events.push({ kind: 'restored', by: 'verification', ...restored });
    },
  };
};
