/** Cron expressions: what passes runs in node-cron, with the meaning it has in a crontab; the rest is refused by its field. */
import fc from 'fast-check';
import { createTask, validate } from 'node-cron';
import { describe, expect, test } from 'vitest';
import { parseCron } from '../../src/config/cron.ts';

const problem = (text: string): string => {
  const parsed = parseCron(text);
  return 'problem' in parsed ? parsed.problem : '';
};

test.each([
  ['0 7 * * *', '0 7 * * *'],
  ['  */15   0-6,22-23 1,15 * *  ', '*/15 0-6,22-23 1,15 * *'],
  ['17 * * * 1-5', '17 * * * 1-5'],
  ['0 0 29 2 *', '0 0 29 2 *'],
  ['0 0 31 2,3 *', '0 0 31 2,3 *'],
  ['off', ''],
])('%j is taken as %j', (text, value) => {
  expect(parseCron(text)).toEqual({ value });
});

describe('refused, with the field that is wrong:', () => {
  test.each([
    ['', 'it has 0 fields, not five: minute, hour, day of month, month, day of week'],
    ['0 7 * *', 'it has 4 fields'],
    ['* 0 7 * * *', 'it has 6 fields'],
    ['@daily', 'it has 1 fields'],
    ['60 * * * *', 'minute "60" cannot be used: it is 0 to 59'],
    ['0 24 * * *', 'hour "24" cannot be used: it is 0 to 23'],
    ['0 0 0 * *', 'day of month "0" cannot be used: it is 1 to 31'],
    ['0 0 * 13 *', 'month "13" cannot be used: it is 1 to 12'],
    ['0 0 * * 8', 'day of week "8" cannot be used: it is 0 to 7'],
    ['0 0 * * mon', 'day of week "mon" cannot be used: write numbers'],
    ['0 22-2 * * *', 'hour "22-2" cannot be used: the range ends before it begins'],
    ['*/0 * * * *', 'minute "*/0" cannot be used: a step is 1 to 59'],
    ['*/60 * * * *', 'minute "*/60" cannot be used: a step is 1 to 59'],
    ['5/10 * * * *', 'minute "5/10" cannot be used: a step needs a range, as in "5-59/10"'],
    ['1,,2 * * * *', 'minute "" cannot be used: write numbers'],
    ['0 0 30,31 2 *', 'month 2 has no day 30,31'],
    ['0 0 31 4,6 *', 'month 4,6 has no day 31'],
    ['0 0 30-31 2 *', 'month 2 has no day 30-31'],
    ['0 0 31 2-6/2 *', 'month 2-6/2 has no day 31'],
    ['0 0 1 * 1', 'day of month and day of week are both limited'],
    ['\n', 'it has 0 fields'],
  ])('%j', (text, why) => {
    expect(problem(text)).toContain(why);
    expect(problem(text)).toMatch(/^expected "0 7 \* \* \*" \(every day at seven\) or "off", got "/);
  });
});

const field = (least: number, most: number): fc.Arbitrary<string> => {
  const number = fc.integer({ min: least - 1, max: most + 1 });
  const item = fc.oneof(
    fc.constant('*'),
    number.map(String),
    fc.tuple(number, number).map(([a, b]) => `${a}-${b}`),
    fc.tuple(number, number, fc.integer({ min: 0, max: most })).map(([a, b, c]) => `${a}-${b}/${c}`),
    fc.integer({ min: 0, max: 70 }).map((step) => `*/${step}`),
  );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
};

test('whatever passes is run by node-cron, and comes', () => {
  let passed = 0;
  const text = fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
    .map((fields) => fields.join(' '));
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (given) => {
      const parsed = parseCron(given);
      if ('problem' in parsed || parsed.value === '') return;
      passed++;
      expect(validate(parsed.value), parsed.value).toBe(true);
      expect(createTask(parsed.value, () => undefined).getNextRuns(1), parsed.value).toHaveLength(1);
    }),
    { numRuns: 500, examples: [['0 7 * * *'], ['*/15 0-6,22-23 1,15 * *'], ['0 0 29 2 *']] },
  );
  expect(passed).toBeGreaterThan(2);
});
