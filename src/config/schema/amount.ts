/** Keys whose value is a text with a unit. */
import * as z from 'zod';
import type { Mark } from '../../core/policy.ts';
import { ABSENT } from '../../core/units.ts';
import { EXAMPLE, type Parsed, parseDuration, parseMark, parsePercent } from '../quantities.ts';
import { expected, shown } from './field.ts';

/** A text with a unit; `check` may refuse values that parse but make no sense here, with the reason. */
export const quantity = <T>(
  parse: (text: string) => Parsed<T>,
  example: string,
  check: (value: T, text: string) => string = () => '',
) =>
  z.string({ error: expected(example) }).transform((text, context): T => {
    const parsed = parse(text);
    const message = 'problem' in parsed ? parsed.problem : check(parsed.value, text);
    if (message === '' && 'value' in parsed) return parsed.value;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** A duration within bounds that are written as the operator would write them. */
export const duration = (least: string, most: string, why: string) => {
  const ms = (text: string): number => (parseDuration(text) as { value: number }).value;
  return quantity(parseDuration, EXAMPLE.duration, (value, text) =>
    value < ms(least) || value > ms(most)
      ? `expected a duration from ${least} to ${most}, got ${shown(text)}: ${why}`
      : '',
  );
};

/** A mark that must name an amount. */
export const mark = () => quantity(parseMark, EXAMPLE.mark);

const parseMarkOrOff = (text: string): Parsed<Mark> =>
  text.trim() === 'off' ? { value: { kib: ABSENT, permyriad: ABSENT } } : parseMark(text);
/** A mark, or "off" for one that is never reached. */
export const markOrOff = () => quantity(parseMarkOrOff, `${EXAMPLE.mark}, or "off"`);

export const percent = () => quantity(parsePercent, EXAMPLE.percent);
