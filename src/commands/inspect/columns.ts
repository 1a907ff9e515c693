/** Columns for people: as wide as the widest cell, numbers to the right, colours on a terminal only. */

export interface Column {
  readonly title: string;
  readonly right?: true;
}

const BOLD = '\u001b[1m';
const RESET = '\u001b[0m';

const usesColour = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && process.env['NO_COLOR'] === undefined;

/** Lines of a table; the last column is never padded, so that it may be long. */
export const table = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  stream: NodeJS.WriteStream,
): string => {
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ right }, at) => {
        const cell = cells[at] ?? '';
        if (at === columns.length - 1) return cell;
        return right === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
      })
      .join('  ')
      .trimEnd();
  const head = line(columns.map(({ title }) => title));
  return `${[usesColour(stream) ? `${BOLD}${head}${RESET}` : head, ...rows.map(line)].join('\n')}\n`;
};
