/** One thing that is wrong with the configuration, and where an editor finds it. */

export interface Problem {
  readonly file: string;
  /** From 1; 1:1 when the whole file is meant. */
  readonly line: number;
  readonly column: number;
  /** "select.protect[0].unit", "" for the file as such. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** Keys and list positions (from 0) on the way to a value. */
export type Path = readonly (string | number)[];

/** ["select", "protect", 0] to "select.protect[0]". */
export const formatPath = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');

/** "config.yaml:4:14 memory.typo: unknown key", the form that editors and CI logs turn into links. */
export const formatProblem = ({ file, line, column, path, message }: Problem): string =>
  `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}`;

/** Order of reading: by file as given, then down the page. */
export const inReadingOrder = (problems: readonly Problem[], files: readonly string[]): Problem[] =>
  [...problems].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column);
