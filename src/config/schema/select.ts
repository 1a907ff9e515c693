/** Keys of select: who may be killed, who rather, who never. */
import * as z from 'zod';
import type { RuleAction } from '../../core/policy.ts';
import type { Users } from '../passwd.ts';
import { mark } from './amount.ts';
import { corrections } from './corrections.ts';
import { count, list, map, section, setting, text, toggle } from './field.ts';
import { cgroup, comm, exe, unit, user } from './pattern.ts';

/** Range of oom_score_adj, include/uapi/linux/oom.h. */
export const OOM_SCORE_ADJ_MIN = -1000;
export const OOM_SCORE_ADJ_MAX = 1000;

const COMM_REFUSED =
  'comm cannot be used here, because any process can set its own command name and so would put itself under this rule; use unit or exe';
const POINTS_REFUSED = 'points belong to prefer and avoid; this rule decides by itself, leave them out';

const adjustment = () => count(OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX).optional();

const band = map({
  min: adjustment().meta({ description: `Lowest value, ${OOM_SCORE_ADJ_MIN} when left out.` }),
  max: adjustment().meta({ description: `Highest value, ${OOM_SCORE_ADJ_MAX} when left out.` }),
}).check(({ value, issues }) => {
  const { min = OOM_SCORE_ADJ_MIN, max = OOM_SCORE_ADJ_MAX } = value;
  const message = min > max ? `min ${min} is above max ${max}` : '';
  if (message !== '') issues.push({ code: 'custom', message, input: value });
  if (value.min === undefined && value.max === undefined) {
    issues.push({ code: 'custom', message: 'expected min, max or both, as in { min: 500 }', input: value });
  }
});

/** Criteria that a process cannot change at will; oom_score_adj it may raise, so that alone never protects. */
const IDENTITY = ['unit', 'cgroup', 'exe', 'user'] as const;
const CRITERIA = [...IDENTITY, 'comm', 'oom_score_adj'] as const;

const rule = (action: RuleAction, users: Users) => {
  const binding = action === 'protect' || action === 'only';
  const never = (message: string) => z.never({ error: message }).optional();
  return map({
    unit,
    cgroup: cgroup(binding),
    exe: exe(binding),
    comm: binding ? never(COMM_REFUSED) : comm,
    user: user(users),
    oom_score_adj: band.optional().meta({ description: 'Band of oom_score_adj, -1000 to 1000, both ends included.' }),
    points: binding
      ? never(POINTS_REFUSED)
      : setting(
          count(1, OOM_SCORE_ADJ_MAX),
          300,
          'How much, in thousandths of RAM and swap, the unit of oom_score_adj.',
          'as earlyoom: as if the process had 30% of all memory more (prefer) or less (avoid).',
        ),
    reason: text('a text').optional().meta({ description: 'Why; "rank" and "explain" show it beside the process.' }),
  }).check(({ value, issues }) => {
    if (CRITERIA.every((key) => value[key] === undefined)) {
      const named = CRITERIA.filter((key) => !binding || key !== 'comm').join(', ');
      issues.push({ code: 'custom', message: `a rule needs at least one criterion: ${named}`, input: value });
    } else if (action === 'protect' && IDENTITY.every((key) => value[key] === undefined)) {
      if ((value.oom_score_adj?.max ?? OOM_SCORE_ADJ_MAX) < 0) return;
      const message =
        'any process can raise its own oom_score_adj to 0 and above and so protect itself; add unit, exe or user, or keep max below 0';
      issues.push({ code: 'custom', message, input: value, path: ['oom_score_adj'] });
    }
  });
};

const rules = (action: RuleAction, users: Users, what: string, because: string) =>
  setting(list(rule(action, users), 'a list of rules such as [{ unit: "nginx.service" }]'), [], what, because);

export const createSelect = (users: Users) =>
  section(
    {
      minimum_size: setting(
        mark(),
        'min(0.5%, 64MiB)',
        'A process that would give back less than this is never killed; a share of MemTotal or a size.',
        'less than that does not end a shortage but still ends a process.',
      ),
      builtin_protection: setting(
        toggle(),
        true,
        'Never kill what keeps a server reachable and recoverable: the list below.',
        'without them nobody could log in to repair the rest.',
      ),
      corrections,
      only: rules(
        'only',
        users,
        'When there is a rule here, nothing but the processes that match one of them is ever killed.',
        'every process is a candidate.',
      ),
      protect: rules(
        'protect',
        users,
        'Never kill these. A process that does the damage and is protected cannot be stopped: prefer "avoid" for what may leak.',
        'only the operator knows what else must live.',
      ),
      prefer: rules(
        'prefer',
        users,
        'Kill these rather than others: their points are added to the badness.',
        'the size of a process decides, as in the kernel.',
      ),
      avoid: rules(
        'avoid',
        users,
        'Kill these later than others: their points are taken off the badness.',
        'the size of a process decides, as in the kernel.',
      ),
    },
    'Who may be killed. A rule matches when all of its criteria do; in a list of values one is enough. Globs: * does not cross a slash, ** does, ? is one character. Lists of rules in drop-ins add to those of the main file, other values replace them.',
  );
