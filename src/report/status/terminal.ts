/** Lines for a terminal: how wide a text is there, and how it is cut. */

/** What a line is, from which a colour follows where colours are wanted. */
export type Tone = 'title' | 'dim' | 'ok' | 'warning' | 'critical';

export interface TerminalLine {
  readonly text: string;
  readonly tone?: Tone;
}

/** SGR (ECMA-48): bold, faint, green, yellow, red and bold. */
const SGR: Readonly<Record<Tone, string>> = { title: '1', dim: '2', ok: '32', warning: '33', critical: '1;31' };

/** Scripts whose characters take two columns (UAX 11, East Asian Width W), and emoji. */
const WIDE = /[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303f\uff00-\uff60\p{Emoji_Presentation}]/u;
const NONE = /\p{M}/u;

const columnsOf = (character: string): number => (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

export const widthOf = (text: string): number => {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
};

/** As much as fits into that many columns. */
export const cut = (text: string, columns: number): string => {
  let width = 0;
  let out = '';
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) return out;
    out += character;
  }
  return out;
};

/** Lines of whole words, none wider than that many columns unless one word is. */
export const wrapped = (text: string, columns: number): string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};

export const padded = (text: string, columns: number, isRight = false): string => {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return isRight ? space + text : text + space;
};

export const inColour = ({ text, tone }: TerminalLine, isColour: boolean): string =>
  tone === undefined || !isColour ? text : `\u001b[${SGR[tone]}m${text}\u001b[0m`;

const BLOCKS = '▁▂▃▄▅▆▇█';
const PLAIN = '_.-=+*#@';

/** Values between the ends of a scale as one character each; a blank where nothing is known. */
export const sparkline = (
  values: readonly (number | null)[],
  [low, high]: readonly [number, number],
  isUnicode: boolean,
): string => {
  const steps = isUnicode ? BLOCKS : PLAIN;
  return values
    .map((value) => {
      if (value === null) return ' ';
      const share = high > low ? (value - low) / (high - low) : 0;
      return steps[Math.min(steps.length - 1, Math.max(0, Math.floor(share * steps.length)))] ?? ' ';
    })
    .join('');
};
