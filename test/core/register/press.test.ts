import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { KernelEvent, KernelNote } from '../../../src/core/kernel-event.ts';
import { type Aim, notePress, PRESS_VERDICT_MS } from '../../../src/core/register/press.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { aDying, type Followed, following, killed } from '../support/registers.ts';
import { aSample } from '../support/samples.ts';

const PRESSED_MS = 1000;
const AIM: Aim = { pid: 9, sizeKiB: GIB, steered: 0 };

const note = (what: KernelNote): KernelEvent => ({ kind: 'note', note: what, text: '', timeUs: 0, source: 'kmsg' });

const pressed = (aim: Partial<Aim> = {}, oomKill = 3, entries = [] as ReturnType<typeof aDying>[]): Followed => {
  const followed = following(entries);
  notePress(followed.register, { ...AIM, ...aim }, aSample({ oomKill, memAvailableKiB: GIB }), PRESSED_MS);
  return followed;
};
const outcomes = (events: readonly OomwatchdEvent[]) => events.filter(({ kind }) => kind === 'sysrq');
const END_MS = PRESSED_MS + PRESS_VERDICT_MS;

describe('a press was carried out', () => {
  it('when a record names the victim', () => {
    const told = pressed().at(1100, { kernel: [killed(9, 'sysrq')] }, { oomKill: 4 });
    expect(outcomes(told)).toMatchObject([{ outcome: 'executed', pid: 9, comm: 'p9', afterMs: 100 }]);
  });

  it('when vmstat counts one, half a second later for want of a name', () => {
    const followed = pressed();
    expect(outcomes(followed.at(1100, {}, { oomKill: 4 }))).toEqual([]);
    expect(outcomes(followed.at(1599, {}, { oomKill: 4 }))).toEqual([]);
    expect(outcomes(followed.at(1600, {}, { oomKill: 4 }))).toMatchObject([{ outcome: 'executed', pid: ABSENT }]);
  });

  it('when half of what was expected is back and nothing counts', () => {
    const followed = pressed({}, ABSENT);
    expect(outcomes(followed.at(1100, {}, { memAvailableKiB: 1.5 * GIB - 1 }))).toEqual([]);
    expect(outcomes(followed.at(1200, {}, { memAvailableKiB: 1.5 * GIB }))).toMatchObject([
      { outcome: 'executed', detail: 'its memory is back' },
    ]);
  });

  it('is told once', () => {
    const followed = pressed();
    followed.at(1100, { kernel: [killed(9, 'sysrq')] }, { oomKill: 4 });
    expect(outcomes(followed.at(9000, {}, { oomKill: 9 }))).toEqual([]);
    expect(followed.register.press.isOpen).toBe(false);
  });
});

describe('no proof of it is', () => {
  it.each<[string, (followed: Followed) => void]>([
    ['a kill at the limit of a cgroup', (each) => void each.at(1100, { kernel: [killed(9, 'memcg')] }, { oomKill: 4 })],
    ['a counter that could not be read', (each) => void each.at(1100, {}, { oomKill: ABSENT })],
    ['memory, where kills are counted', (each) => void each.at(1100, {}, { oomKill: 3, memAvailableKiB: 9 * GIB })],
  ])('%s', (_, happens) => {
    const followed = pressed();
    happens(followed);
    expect(outcomes(followed.at(2500, {}, { oomKill: followed.register.kernelKills.length + 3 }))).toEqual([]);
    expect(followed.register.press.isOpen).toBe(true);
  });

  it('a kill before it', () => {
    const followed = following();
    followed.at(900, { kernel: [killed(7)] });
    notePress(followed.register, AIM, aSample(), PRESSED_MS);
    expect(outcomes(followed.at(1100))).toEqual([]);
  });

  it.each([
    ['whose size nobody knows', { sizeKiB: ABSENT }, GIB],
    ['while MemAvailable could not be read', {}, ABSENT],
  ])('memory of a victim %s', (_, aim, memAvailableKiB) => {
    const followed = following();
    notePress(followed.register, { ...AIM, ...aim }, aSample({ memAvailableKiB }), PRESSED_MS);
    expect(outcomes(followed.at(1100, {}, { memAvailableKiB: 9 * GIB }))).toEqual([]);
  });
});

describe('a press was swallowed', () => {
  const victim = () => aDying({ pid: 9, sinceMs: -9000, isIgnored: true });

  it('when its victim was being killed before', () => {
    const told = pressed({}, 3, [victim()]).at(1100, { kernel: [killed(9, 'sysrq')] }, { oomKill: 4 });
    expect(outcomes(told)).toMatchObject([{ outcome: 'swallowed', pid: 9, detail: 'it was being killed already' }]);
  });

  it('when vmstat counts it for one who was expected to be chosen again', () => {
    const followed = pressed({}, 3, [victim()]);
    followed.at(1100, {}, { oomKill: 4 });
    expect(outcomes(followed.at(1700, {}, { oomKill: 4 }))).toMatchObject([{ outcome: 'swallowed', pid: 9 }]);
  });

  it('when nothing is heard, and one who is dying was expected', () => {
    expect(outcomes(pressed({}, 3, [victim()]).at(END_MS, {}, { oomKill: 3 }))).toMatchObject([
      { outcome: 'swallowed', pid: 9 },
    ]);
  });
});

describe('a press came to nothing', () => {
  it('when the kernel says that it finds nobody', () => {
    const told = pressed().at(1100, { kernel: [note('sysrq_manual'), note('sysrq_ignored')] }, { oomKill: 3 });
    expect(outcomes(told)).toMatchObject([{ outcome: 'nobody' }]);
  });

  it.each<[string, KernelEvent[], string]>([
    ['accepted', [note('sysrq_manual')], 'the kernel took the key'],
    ['not even that', [note('hung_task')], 'the kernel said nothing'],
  ])('after three seconds, not before: %s', (_, kernel, detail) => {
    const followed = pressed();
    followed.at(1100, { kernel }, { oomKill: 3 });
    expect(outcomes(followed.at(END_MS - 1, {}, { oomKill: 3 }))).toEqual([]);
    expect(outcomes(followed.at(END_MS, {}, { oomKill: 3 }))).toMatchObject([
      { outcome: 'accepted_but_not_executed', detail: expect.stringContaining(detail) },
    ]);
  });

  it('words of the kernel about a press that is not ours change nothing', () => {
    const followed = following();
    followed.at(1100, { kernel: [note('sysrq_manual'), note('sysrq_ignored')] });
    expect(followed.register.press).toMatchObject({ acceptedMs: ABSENT, isIgnored: false });
  });
});

it('each press starts afresh', () => {
  const followed = pressed({ steered: 2, sizeKiB: MIB });
  followed.at(1100, { kernel: [note('sysrq_manual'), note('sysrq_ignored')] }, { oomKill: 9 });
  notePress(followed.register, AIM, aSample({ oomKill: 9 }), 6000);
  expect(followed.register.press).toMatchObject({
    ...{ atMs: 6000, isOpen: true, isSteered: false, steered: 0 },
    ...{ acceptedMs: ABSENT, isIgnored: false, countedMs: ABSENT },
  });
});
