/**
 * A strict reader of the Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats), with the
 * naming rules that `promtool check metrics` applies (prometheus/util/promlint). Throws on the first offence.
 */

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Sample name and labels as written -> value. */
  readonly samples: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(\{${LABEL}(?:,${LABEL})*\})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf))$`,
);
const HEADER = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const SUFFIXES = { histogram: ['_bucket', '_sum', '_count'], counter: [''], gauge: [''] } as const;

const lint = ({ name, type, help }: Family): void => {
  const offend = (rule: string): never => {
    throw new Error(`${name}: ${rule}`);
  };
  if (help.trim() === '') offend('no help');
  if (type === 'counter' && !name.endsWith('_total')) offend('a counter ends in _total');
  if (type !== 'counter' && name.endsWith('_total')) offend('only a counter ends in _total');
  if (/_(count|sum|bucket|info_.*)$/.test(name)) offend('reserved ending');
  if (/_(ms|milliseconds|microseconds|minutes|kib|kilobytes|mb|percent)(_|$)/.test(name)) offend('not a base unit');
  if (/_(gauge|counter|histogram)(_|$)/.test(name)) offend('the type is in the name');
  if (/[A-Z]/.test(name)) offend('not snake_case');
};

/** The families of an exposition by name. */
export const parseExposition = (text: string): Map<string, Family> => {
  if (!text.endsWith('\n')) throw new Error('does not end with a newline');
  const families = new Map<string, Family>();
  const help = new Map<string, string>();
  let current: Family | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, word, name = '', rest = ''] = HEADER.exec(line) ?? [];
    if (word === 'HELP') {
      if (help.has(name)) throw new Error(`second HELP of ${name}`);
      help.set(name, rest);
    } else if (word === 'TYPE') {
      if (families.has(name)) throw new Error(`second TYPE of ${name}`);
      current = { name, type: rest, help: help.get(name) ?? '', samples: new Map() };
      lint(current);
      families.set(name, current);
    } else {
      const [, sample, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
      if (sample === undefined || current === undefined) throw new Error(`not a sample: ${line}`);
      const suffixes: readonly string[] = SUFFIXES[current.type as keyof typeof SUFFIXES] ?? [];
      if (!suffixes.some((suffix) => sample === `${current?.name}${suffix}`)) throw new Error(`stray sample: ${line}`);
      if (current.samples.has(sample + labels)) throw new Error(`second sample: ${line}`);
      current.samples.set(sample + labels, Number(value.replace('Inf', 'Infinity')));
    }
  }
  return families;
};

/** The value of one sample, undefined when it is not there. */
export const sampleOf = (families: Map<string, Family>, sample: string): number | undefined => {
  const name = sample.replace(/\{.*/, '');
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  return family?.samples.get(sample);
};
