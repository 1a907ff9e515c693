/** Columns for people: as wide as the widest cell is on a terminal, numbers to the right. */
import { padded, widthOf } from './status/terminal.ts';

export interface Column {
  readonly title: string;
  readonly isRight?: true;
}

/** The line of the titles, then one a row; nothing behind the last cell of a line. */
export const tableLines = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): [head: string, ...rows: string[]] => {
  const widths = columns.map(({ title }, at) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[at] ?? ''))));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ isRight }, at) => padded(cells[at] ?? '', widths[at] ?? 0, isRight))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
};
