/** Words of the status page, of `oomwatchd status` and `oomwatchd top`. Written for whoever looks at it at night. */
import { size, sizeOf, span } from '../amount.ts';
import { CAUSE_WORDS, CLASS_WORDS } from '../livelock-remedy.ts';
import { visible } from '../printable.ts';
import type { Daemon, Now, Severity, StatusFacts } from './document.ts';

export const UNKNOWN = '-';

/** Of a table its words for a name. A document may come from a later version or a stranger, and name what the table has not. */
export const wordOf = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

export type ProblemName =
  | 'control_silent'
  | 'level_kill'
  | 'livelock'
  | 'stuck_victim'
  | 'level_term'
  | 'not_ready'
  | 'source_down'
  | 'reload_failed'
  | 'standby_down';

type Words = (
  facts: Pick<StatusFacts, 'daemon' | 'now' | 'victims' | 'sources_down'>,
  detail: readonly string[],
) => string;

const availableWords = (now: Now): string =>
  now.mem_available_kib === null || now.mem_total_kib === null
    ? 'memory unknown'
    : `MemAvailable ${sizeOf(now.mem_available_kib, now.mem_total_kib)}`;

const causeWords = (cause: string): string => wordOf(CAUSE_WORDS, cause)?.cause ?? cause;
const classWords = (name: string): string => wordOf(CLASS_WORDS, name) ?? name;

export const PROBLEM_WORDS: Readonly<Record<ProblemName, Words>> = {
  control_silent: ({ daemon: { sample_age_ms: age } }) =>
    age === null
      ? 'control has sent no numbers yet'
      : `no numbers from control for ${span(age)}: it is stuck, stopped or starved; see "systemctl status oomwatchd"`,
  level_kill: ({ now }) => `memory is very short (level kill): ${availableWords(now)}`,
  livelock: ({ now: { livelock } }) => {
    const since = livelock?.for_ms == null ? '' : ` for ${span(livelock.for_ms)}`;
    return `livelock${since} ${classWords(livelock?.class ?? '')}; ${causeWords(livelock?.cause ?? '')}`;
  },
  stuck_victim: (_, [who = 'a victim']) => `${who} was killed and does not go; the log has the reason and the remedy`,
  level_term: ({ now }) => `memory is short (level term): ${availableWords(now)}`,
  not_ready: () => 'control has not finished starting',
  source_down: (_, [name = '', detail = '']) => `cannot read ${name}${detail === '' ? '' : `: ${detail}`}`,
  reload_failed: (_, [error = '']) => `the configuration was refused, the old one is in force: ${error}`,
  standby_down: () => 'the standby process is not up: nobody acts in an absence of the main one',
};

/** A mark beside the word, so that colour is never all there is. */
export const STATE_MARKS: Readonly<Record<Severity, string>> = { ok: '●', warning: '▲', critical: '■' };
const STATE_WORDS: Readonly<Record<Severity, string>> = { ok: 'OK', warning: 'WARNING', critical: 'CRITICAL' };
const UNKNOWN_MARK = '?';

export const markOf = (state: string, marks = STATE_MARKS): string => wordOf(marks, state) ?? UNKNOWN_MARK;
export const stateWord = (state: string): string => wordOf(STATE_WORDS, state) ?? state;

/** What the mode means for the processes of this host. */
const MODE_WORDS: Readonly<Record<string, { readonly name: string; readonly does: string }>> = {
  observe: { name: 'Observe mode', does: 'decides and logs, signals nobody' },
  enforce: { name: 'Enforce mode', does: 'kills when it must' },
};

export const modeOf = (mode: string): { readonly name: string; readonly does: string } =>
  wordOf(MODE_WORDS, mode) ?? { name: `Mode ${mode}`, does: 'unknown to this version' };

/** "observe mode: decides and logs, signals nobody". */
export const modeWords = ({ mode }: Pick<Daemon, 'mode'>): string => `${mode} mode: ${modeOf(mode).does}`;

/** How much memory there is, whatever is wrong. */
export const calmWords = ({ now }: Pick<StatusFacts, 'now'>): string => {
  const { headroom_kib: kib } = now;
  const side = kib !== null && kib < 0 ? 'below' : 'above';
  const head = kib === null ? '' : `, ${size(Math.abs(kib))} ${side} the term mark`;
  return `${availableWords(now)}${head}`;
};

/** "; without oom_trace", or nothing: what the host lacks and no alarm is about. */
export const withoutWords = ({ sources_absent: absent }: Pick<StatusFacts, 'sources_absent'>): string =>
  absent.length === 0 ? '' : `; without ${absent.map(({ name }) => name).join(', ')}`;

export const LEVEL_WORDS: Readonly<Record<string, string>> = {
  calm: 'no shortage',
  approach: 'getting short',
  term: 'victims are asked to leave (SIGTERM)',
  kill: 'victims are killed (SIGKILL)',
};

export const amountOf = (kib: number | null): string => (kib === null ? UNKNOWN : size(kib));

/** 0.0 % to 100 %; what rounds to nothing but is not is "< 0.1 %". */
export const shareOf = (share: number | null): string => {
  if (share === null) return UNKNOWN;
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent.toFixed(percent >= 9.95 ? 0 : 1)} %`;
};

/** "7.3 GiB", "-96 MiB", "0": of what may be negative, -1 KiB is an amount as well. */
export const signedAmountOf = (kib: number | null): string => {
  if (kib === null) return UNKNOWN;
  return kib === 0 ? '0' : `${kib < 0 ? '-' : ''}${size(Math.abs(kib))}`;
};

/** "+12 MiB", "-3 MiB", "0". */
export const growthOf = (kib: number | null): string => `${kib !== null && kib > 0 ? '+' : ''}${signedAmountOf(kib)}`;

const pad = (value: number): string => String(value).padStart(2, '0');

const isTime = (timeMs: number): boolean => Math.abs(timeMs) <= 8.64e15;

/** "21:15:03", UTC: two people who look at it together see the same time, and that of the log. */
export const clockOf = (timeMs: number): string =>
  isTime(timeMs) ? new Date(timeMs).toISOString().slice(11, 19) : UNKNOWN;

/** "2026-11-22 19:45:00", UTC. */
export const dateOf = (timeMs: number | null): string => {
  if (timeMs === null || !isTime(timeMs)) return UNKNOWN;
  const time = new Date(timeMs);
  const day = `${time.getUTCFullYear()}-${pad(time.getUTCMonth() + 1)}-${pad(time.getUTCDate())}`;
  return `${day} ${clockOf(timeMs)}`;
};

/** "3 min 2 s ago", "in 4.0 s". */
export const relative = (timeMs: number | null, nowMs: number): string => {
  if (timeMs === null) return UNKNOWN;
  const whole = Math.round((timeMs - nowMs) / 1000) * 1000;
  if (whole === 0) return 'now';
  return whole > 0 ? `in ${span(whole)}` : `${span(-whole)} ago`;
};

/** One line for `status --check`. Behind a "|" Nagios reads numbers, whatever process has it in its name. */
export const checkLine = (state: string, text: string): string =>
  `OOMWATCHD ${visible(stateWord(state))}: ${visible(text)}`.replaceAll('|', '/');
