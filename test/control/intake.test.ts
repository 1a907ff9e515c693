import { describe, expect, it } from 'vitest';
import { createIntake } from '../../src/control/intake.ts';
import type { Victims } from '../../src/control/ports.ts';
import type { Examined, Reaped, Sight } from '../../src/core/dying.ts';
import type { KernelEvent } from '../../src/core/kernel-event.ts';
import { createRegister } from '../../src/core/register/register.ts';
import type { Remedied } from '../../src/core/remedy.ts';
import { ABSENT } from '../../src/core/units.ts';
import { aDying, aReaped, killed, marked, named, selected } from '../core/support/registers.ts';

const scene = () => {
  const kernel: KernelEvent[] = [];
  const reaped: Reaped[] = [];
  const examined: Examined[] = [];
  const enrolled: number[] = [];
  const sights = new Set<Sight>();
  const victims: Victims = {
    look: ({ pid }, sight) => {
      sights.add(sight);
      Object.assign(sight, { pid, isGone: pid === 9 });
    },
    reap: () => undefined,
    examine: () => undefined,
    take: (into, also) => {
      into.push(...reaped.splice(0));
      also.push(...examined.splice(0));
    },
    enrol: (pid) => {
      enrolled.push(pid);
      return pid === 9 ? ABSENT : pid * 10;
    },
  };
  const remedied: Remedied[] = [];
  const intake = createIntake(
    { read: (into) => into.push(...kernel.splice(0)) },
    victims,
    { take: () => undefined },
    { take: () => undefined },
    { take: (into) => into.push(...remedied.splice(0)) },
  );
  return { intake, remedied, kernel, reaped, examined, enrolled, sights, register: createRegister() };
};

describe('a turn takes in', () => {
  it('what the kernel told, with the slots of those who died: they are enrolled, nobody else is', () => {
    const { intake, kernel, enrolled, register } = scene();
    const told = [selected(7), killed(7), marked(8), killed(9), named('reaped', 7), named('unable_to_reap', 8)];
    kernel.push(...told);
    intake.fill(register);
    expect(intake.kernel).toEqual(told);
    expect(intake.kernelSlots).toEqual([ABSENT, 70, 80, ABSENT, ABSENT, ABSENT]);
    expect(enrolled).toEqual([7, 8, 9]);
  });

  it('what has ended off the loop', () => {
    const { intake, reaped, examined, register } = scene();
    reaped.push(aReaped());
    examined.push({ pid: 7, reason: 'fuse', detail: '', blockers: [] });
    intake.fill(register);
    expect([intake.reaped, intake.examined]).toEqual([
      [aReaped()],
      [{ pid: 7, reason: 'fuse', detail: '', blockers: [] }],
    ]);
  });

  it('what remedies came to, each once', () => {
    const { intake, remedied, register } = scene();
    const one: Remedied = { serial: 1, result: 'done', errno: 0, oldValue: 'FROZEN', newValue: 'THAWED', detail: '' };
    remedied.push(one);
    intake.fill(register);
    expect(intake.observed.remedied).toEqual([one]);
    intake.fill(register);
    expect(intake.observed.remedied).toEqual([]);
  });

  it('everything once: the next turn begins empty, in the same arrays', () => {
    const { intake, kernel, reaped, examined, register } = scene();
    const arrays = [intake.kernel, intake.kernelSlots, intake.reaped, intake.examined, intake.sights];
    kernel.push(killed(7));
    reaped.push(aReaped());
    examined.push({ pid: 7, reason: 'fuse', detail: '', blockers: [] });
    intake.fill(register);
    intake.fill(register);
    expect(arrays).toEqual([[], [], [], [], []]);
    const after = [intake.kernel, intake.kernelSlots, intake.reaped, intake.examined, intake.sights];
    after.forEach((array, at) => {
      expect(array).toBe(arrays[at]);
    });
  });

  it('how each of the dying looks, in their order', () => {
    const { intake, register } = scene();
    register.dying.push(aDying({ pid: 8 }), aDying({ pid: 9 }), aDying({ pid: 7 }));
    intake.fill(register);
    expect(intake.sights.map(({ pid, isGone }) => [pid, isGone])).toEqual([
      [8, false],
      [9, true],
      [7, false],
    ]);
  });
});

it('sights are made once and written again, however many come and go', () => {
  const { intake, register, sights } = scene();
  for (const count of [3, 0, 1, 3, 2, 3]) {
    register.dying.length = 0;
    for (let pid = 1; pid <= count; pid++) register.dying.push(aDying({ pid }));
    intake.fill(register);
    expect(intake.sights.map(({ pid }) => pid)).toEqual(register.dying.map(({ pid }) => pid));
    expect(new Set(intake.sights).size).toBe(count);
  }
  expect(sights.size).toBe(3);
});
