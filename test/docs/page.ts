/** Pages of the documentation as tests need them: fenced blocks, links, anchors. */
import { readdirSync, readFileSync } from 'node:fs';

export const ROOT = new URL('../../', import.meta.url).pathname;

export const PAGES = readdirSync(ROOT).filter((name) => name.endsWith('.md'));

export const read = (page: string): string => readFileSync(`${ROOT}${page}`, 'utf8');

/** What stands below a heading of the second level or deeper, up to the next one. */
export const section = (page: string, title: string): string => {
  const [, text] = new RegExp(`^##+ ${title}\n([\\s\\S]*?)(?=^##+ |$(?![\\s\\S]))`, 'm').exec(read(page)) ?? [];
  if (text === undefined) throw new Error(`${page} has no section ${title}`);
  return text;
};

export const blocksIn = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');

/** The fenced blocks of one language. */
export const blocks = (page: string, language: string): string[] => blocksIn(read(page), language);

/** The commands of the fenced sh blocks, continued lines joined, comments left out. */
export const shellCommands = (page: string): string[] => commandsIn(read(page));

export const commandsIn = (text: string): string[] =>
  blocksIn(text, 'sh').flatMap((block) =>
    block
      .replace(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );

const prose = (page: string): string => read(page).replace(/^```[\s\S]*?^```$/gm, '');

export const links = (page: string): string[] =>
  [...prose(page).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');

/** Names in backticks, outside of fenced blocks. */
export const codeSpans = (page: string): string[] =>
  [...prose(page).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');

/** As GitHub makes them from headings. */
export const anchors = (page: string): string[] =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
