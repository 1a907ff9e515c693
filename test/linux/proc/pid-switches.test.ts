import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { switchesOf } from '../../../src/linux/proc/pid-switches.ts';
import { bytes, fixtureText, KERNELS } from './format.ts';

const of = (text: string): number => switchesOf(bytes(text), text.length);
const LINES = '\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n';

it('are both kinds together', () => {
  expect(of(`Name:\tx${LINES}`)).toBe(695);
  expect(of(`Name:\tx${LINES}x86_Thread_features:\tshstk \nx86_Thread_features_locked:\tshstk wrss \n`)).toBe(695);
});

it('are of the end of the text: the name, which comes first, cannot be taken for them', () => {
  expect(of(`Name:\t\\nvoluntary_ctxt_switches:\t1\n${'x'.repeat(600)}${LINES}`)).toBe(695);
});

it.each(['', 'Name:\tx\n', `${LINES.slice(0, -3)}`, '\nvoluntary_ctxt_switches:\t-1\n'])('are absent in %j', (text) => {
  expect(of(text)).toBe(ABSENT);
});

it('are there in the status of this process', () => {
  expect(of(readFileSync('/proc/self/status', 'latin1'))).toBeGreaterThan(0);
});

it.each(KERNELS)('are there on Linux %s where its text has them', (kernel) => {
  const text = fixtureText(`status-zombie-leader-${kernel}`);
  const [, voluntary, other] = /\nvoluntary_ctxt_switches:\t(\d+)\nnonvoluntary_ctxt_switches:\t(\d+)/.exec(text) ?? [];
  expect(of(text)).toBe(Number(voluntary) + Number(other));
});
