/** The readable form of a log line for a terminal: local time, level, sentence. Colour only when asked for. */
import type { LogLevel } from './sentence.ts';
import type { Line } from './wording.ts';

/** SGR codes (ECMA-48): grey, none, yellow, red. */
const COLOURS: Record<LogLevel, string> = { debug: '\x1b[90m', info: '', warn: '\x1b[33m', error: '\x1b[31m' };
const RESET = '\x1b[0m';

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

const clock = (timeMs: number): string => {
  const time = new Date(timeMs);
  const seconds = `${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`;
  return Number.isNaN(time.getTime()) ? '--:--:--.---' : `${pad(time.getHours())}:${pad(time.getMinutes())}:${seconds}`;
};

/** Whether colours are wanted (https://no-color.org: set and not empty means no). */
export const wantsColour = (isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean => {
  const { NO_COLOR = '', TERM = '' } = environment;
  return isTerminal && NO_COLOR === '' && TERM !== 'dumb';
};

/** One line with its newline. */
export const prettyLine = (line: Line, timeMs: number, colour: boolean): string => {
  const level = line.level.toUpperCase().padEnd(5);
  const start = colour ? COLOURS[line.level] : '';
  return `${clock(timeMs)} ${start}${level}${start === '' ? '' : RESET} ${line.msg}\n`;
};
