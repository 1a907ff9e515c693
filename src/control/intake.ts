/**
 * What a turn takes in besides the sample: the kernel's word, how the dying look, what has ended off the loop. Arrays and
 * sights are made once and written again.
 */
import type { Sight } from '../core/dying.ts';
import type { KernelEvent } from '../core/kernel-event.ts';
import { emptyObservations, type Observations } from '../core/observations.ts';
import type { Register, RegisterInputs } from '../core/register/register.ts';
import { ABSENT } from '../core/units.ts';
import type { KernelLog, Remedies, Standby, Victims, Watchers } from './ports.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

export interface Intake extends RegisterInputs {
  readonly observed: Observations;
  /** Takes in what has come since the last call. */
  fill(register: Register): void;
}

const emptySight = (): Sight => ({
  pid: ABSENT,
  isGone: false,
  isKilled: false,
  isPending: false,
  isLeaderZombie: false,
  isCoreDumping: false,
  rssKiB: ABSENT,
  oomScore: ABSENT,
});

/** Whose death an event tells: it is enrolled, so that it can be followed to its end. */
const namesVictim = (event: KernelEvent): event is KernelEvent & { pid: number } =>
  event.kind === 'killed' || event.kind === 'victim_marked';

export const createIntake = (
  kernelLog: KernelLog,
  victims: Victims,
  watchers: Watchers,
  standby: Pick<Standby, 'take'>,
  remedies: Pick<Remedies, 'take'>,
): Intake => {
  const inputs: Mutable<RegisterInputs> = { kernel: [], kernelSlots: [], sights: [], reaped: [], examined: [] };
  const observed = emptyObservations();
  /** Sights that are not in use now. */
  const spare: Sight[] = [];

  const look = (register: Register): void => {
    while (inputs.sights.length > register.dying.length) spare.push(inputs.sights.pop() as Sight);
    for (let at = 0; at < register.dying.length; at++) {
      const sight = inputs.sights[at] ?? spare.pop() ?? emptySight();
      inputs.sights[at] = sight;
      victims.look(register.dying[at] as (typeof register.dying)[number], sight);
    }
  };

  return {
    ...(inputs as RegisterInputs),
    observed,
    fill: (register) => {
      inputs.kernel.length = 0;
      inputs.kernelSlots.length = 0;
      inputs.reaped.length = 0;
      inputs.examined.length = 0;
      kernelLog.read(inputs.kernel);
      for (let at = 0; at < inputs.kernel.length; at++) {
        const event = inputs.kernel[at] as KernelEvent;
        inputs.kernelSlots.push(namesVictim(event) ? victims.enrol(event.pid) : ABSENT);
      }
      victims.take(inputs.reaped, inputs.examined);
      look(register);
      watchers.take(observed);
      observed.rescues.length = 0;
      standby.take(observed.rescues);
      observed.remedied.length = 0;
      remedies.take(observed.remedied);
    },
  };
};
