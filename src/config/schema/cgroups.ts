/** Keys of cgroups: marks of single cgroups, and what is done within them. */
import { duration, mark, percent } from './amount.ts';
import { choice, list, map, setting, text, toggle } from './field.ts';
import { cgroup, unit } from './pattern.ts';

const MARKS = ['memory', 'pressure_some', 'pressure_full', 'oom_loop'] as const;

const rule = map({
  cgroup: cgroup(true).meta({
    description: 'Glob of the path of the cgroup itself, below /sys/fs/cgroup ("/kubepods.slice/*/*.slice").',
  }),
  unit: unit.meta({ description: 'Glob of the unit whose own cgroup it is ("batch@*.service").' }),
  memory: mark().optional().meta({
    description:
      'memory.current at or above this: a share of the lower of its own memory.high and memory.max, a size, or the smaller of both.',
  }),
  pressure_some: percent().optional().meta({
    description:
      'Share of the time in which a task of it waited for memory ("some" of memory.pressure), at or above this.',
  }),
  pressure_full: percent().optional().meta({ description: 'The same for all of its tasks at once ("full").' }),
  oom_loop: toggle().optional().meta({
    description:
      'true: it is out of memory again and again and the kernel kills nobody, as when all of its processes are at oom_score_adj -1000.',
  }),
  for: setting(
    duration('0ms', '1h', 'a mark that holds for longer is a state, not an incident'),
    '10s',
    'How long all of its marks must be reached before anything is done, and again after a kill.',
    'a service that starts reaches its limit for some seconds; the numbers are read twice a second.',
  ),
  action: setting(
    choice(['tell', 'term', 'kill']),
    'tell',
    '"tell" logs it; "term" asks a process of it to leave and kills it after act.term_timeout; "kill" kills at once.',
    'whoever writes a rule reads its lines for a while before it may kill.',
  ),
  scope: setting(
    choice(['process', 'cgroup', 'unit']),
    'process',
    '"process": the largest in the cgroup, with all that share its memory; "cgroup": all processes in it and below; "unit": all of the unit of the largest. Nobody is killed by the last two while one of them is protected.',
    'the smallest that frees memory; a service that needs all of its processes is better killed as a whole.',
  ),
  kill_unkillable: setting(
    toggle(),
    false,
    'Whether processes at oom_score_adj -1000 may be chosen as well; only with action "kill".',
    'whoever set that meant it; where all of a cgroup is at -1000 nothing else ends its shortage.',
  ),
  reason: text('a text').optional().meta({ description: 'Why; told with every line about it.' }),
}).check(({ value, issues }) => {
  const wrong = (message: string, path: readonly string[] = []): void => {
    issues.push({ code: 'custom', message, input: value, path: [...path] });
  };
  if (value.cgroup === undefined && value.unit === undefined) wrong('a rule for cgroups needs cgroup, unit or both');
  if (MARKS.every((key) => value[key] === undefined || value[key] === false)) {
    wrong(`a rule for cgroups needs at least one mark: ${MARKS.join(', ')}`);
  }
  if (value.kill_unkillable && value.action !== 'kill') {
    wrong('kill_unkillable needs action "kill": the kernel lets nobody at -1000 be asked first', ['kill_unkillable']);
  }
});

export const cgroups = setting(
  list(rule, 'a list of rules such as [{ unit: "batch.service", pressure_full: "40%", action: kill }]'),
  [],
  'Rules for single cgroups of the v2 tree: marks of their own, and what is done inside of them alone. Of several rules that are reached the first in the list is acted on. Policy protects here as everywhere. Needs cgroup v2.',
  'limits of a cgroup are the business of whoever set them, until he says what is to be done.',
);
