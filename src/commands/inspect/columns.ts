/** A table of a command: its titles stand out where colours are wanted. */
import { wantsColour } from '../../report/pretty.ts';
import { inColour } from '../../report/status/terminal.ts';
import { type Column, tableLines } from '../../report/text-table.ts';

export const table = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  stream: NodeJS.WriteStream,
): string => {
  const [head, ...lines] = tableLines(columns, rows);
  const isColour = wantsColour(stream.isTTY === true, process.env);
  return `${[inColour({ text: head, tone: 'title' }, isColour), ...lines].join('\n')}\n`;
};
