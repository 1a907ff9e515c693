/**
 * Checks cron expressions: five fields as in crontab(5), of numbers, ranges, steps and lists. Stricter than node-cron, which
 * runs them in the report process: what passes here has one meaning there, and the same one in a crontab. A library is not
 * asked, because the loader runs as root.
 */

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12 },
  { name: 'day of week', least: 0, most: 7 },
];

export const CRON_EXAMPLE = '"0 7 * * *" (every day at seven) or "off"';

/** Days of the longest such month. */
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

const ITEM = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

/** '' or what is wrong with one item of a list. */
const wrongItem = (item: string, { least, most }: Field): string => {
  const match = ITEM.exec(item);
  if (match === null) return 'write numbers, "*", ranges "1-5", steps "*/15" and lists "1,15"';
  const [, first, last, step] = match;
  for (const number of [first, last]) {
    if (number !== undefined && (Number(number) < least || Number(number) > most)) return `it is ${least} to ${most}`;
  }
  if (last !== undefined && Number(last) < Number(first)) return 'the range ends before it begins';
  if (step === undefined) return '';
  if (Number(step) === 0 || Number(step) > most) return `a step is 1 to ${most}`;
  return first !== undefined && last === undefined ? `a step needs a range, as in "${first}-${most}/${step}"` : '';
};

/** All that a field of valid items names. */
const namedBy = (text: string, { least, most }: Field): number[] =>
  text.split(',').flatMap((item) => {
    const [, first, last, step = '1'] = ITEM.exec(item) ?? [];
    const from = first === undefined ? least : Number(first);
    const to = first === undefined ? most : Number(last ?? first);
    return Array.from({ length: Math.floor((to - from) / Number(step)) + 1 }, (_, at) => from + at * Number(step));
  });

/** Days of month that none of the months has: such a job would never run, and node-cron refuses it. */
const neverComes = (day: string, month: string): boolean => {
  const [, , ofMonth, ofYear] = FIELDS as readonly [Field, Field, Field, Field];
  const longest = Math.max(...namedBy(month, ofYear).map((number) => DAYS[number - 1] as number));
  return Math.min(...namedBy(day, ofMonth)) > longest;
};

const refused = (text: string): string => {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== FIELDS.length || text.trim() === '') {
    return `it has ${text.trim() === '' ? 0 : fields.length} fields, not five: ${FIELDS.map(({ name }) => name).join(', ')}`;
  }
  for (const [at, field] of FIELDS.entries()) {
    for (const item of (fields[at] as string).split(',')) {
      const wrong = wrongItem(item, field);
      if (wrong !== '') return `${field.name} ${JSON.stringify(item)} cannot be used: ${wrong}`;
    }
  }
  const [, , day = '*', month = '*', weekday = '*'] = fields;
  if (neverComes(day, month)) return `month ${month} has no day ${day}`;
  return !day.startsWith('*') && !weekday.startsWith('*')
    ? 'day of month and day of week are both limited, which cron reads as "or" and others as "and"; leave one of them "*"'
    : '';
};

/** The expression, "" for "off". */
export const parseCron = (text: string): { readonly value: string } | { readonly problem: string } => {
  if (text.trim() === 'off') return { value: '' };
  const why = refused(text);
  if (why === '') return { value: text.trim().split(/\s+/).join(' ') };
  return { problem: `expected ${CRON_EXAMPLE}, got ${JSON.stringify(text.slice(0, 60))}: ${why}` };
};
