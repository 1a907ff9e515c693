import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NO_ACTION_REASONS } from '../../src/core/event.ts';
import { ANSWERED, isUnanswered } from '../../src/report/unanswered.ts';

const RULES = new URL('../../config/prometheus/oomwatchd.rules.yml', import.meta.url);

test('what leaves a shortage without an answer is the same for people and for the alert', () => {
  const [, answered = ''] = /oomwatchd_no_action_total\{reason!~"([^"]+)"\}/.exec(readFileSync(RULES, 'utf8')) ?? [];
  expect(answered.split('|').toSorted()).toEqual(ANSWERED.toSorted());
  expect(NO_ACTION_REASONS.filter((reason) => !isUnanswered(reason))).toHaveLength(ANSWERED.length);
});
