/** `oomwatchd top`: the status of the running daemon, live in the terminal. */
import { parseArgs } from 'node:util';
import { EXIT } from '../exit.ts';
import { wantsColour } from '../report/pretty.ts';
import { overview } from '../report/status/overview.ts';
import { cut, inColour, type TerminalLine, wrapped } from '../report/status/terminal.ts';
import { loadPolicy } from './daemon/policy-source.ts';
import { type Asked, askStatus } from './inspect/ask-status.ts';
import { CLIENT_OPTIONS, clientFilesOf } from './inspect/client-certificate.ts';
import { isUnicode } from './status.ts';

/** The daemon's numbers come once a second. */
const LEAST_INTERVAL_S = 1;
const MOST_INTERVAL_S = 3600;

// ECMA-48 and xterm: another screen and back, the cursor hidden and shown, home, erase to the end of line and of screen.
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const TO_END_OF_LINE = '\u001b[K';
const BELOW = '\u001b[J';

const CONTROL_C = '\u0003';
const CONTROL_D = '\u0004';
const QUIT = new Set(['q', 'Q', CONTROL_C, CONTROL_D]);
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const complain = (text: string, code: number): number => {
  process.stderr.write(`oomwatchd: ${text}\n`);
  return code;
};

/** The lines of an answer; of none its reason, wrapped, above what was seen last. */
const linesOf = (asked: Asked, before: readonly TerminalLine[], columns: number): readonly TerminalLine[] =>
  'failure' in asked
    ? [
        ...wrapped(asked.failure, columns).map((text): TerminalLine => ({ text, tone: 'critical' })),
        ...(before.length === 0 ? [] : [{ text: 'What follows is old.' }, { text: '' }]),
        ...before,
      ]
    : overview(asked.document, { isUnicode: isUnicode(process.env) });

/** A whole screen: nothing of the one before is left, and nothing flickers. */
export const screen = (
  lines: readonly TerminalLine[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
  isColour: boolean,
  foot: string,
): string => {
  const shown = lines.slice(0, Math.max(0, rows - 1));
  const blank = Array.from({ length: Math.max(0, rows - 1 - shown.length) }, () => ({ text: '' }));
  const drawn = [...shown, ...blank, { text: foot, tone: 'dim' } as const].map(
    ({ text, ...line }) => `${inColour({ ...line, text: cut(text, columns) }, isColour)}${TO_END_OF_LINE}`,
  );
  return `${HOME}${drawn.join('\r\n')}${BELOW}`;
};

/** Until a key or a signal ends it. */
const live = (ask: () => Promise<Asked>, intervalMs: number): Promise<number> =>
  new Promise((resolve) => {
    const { stdin, stdout } = process;
    const isColour = wantsColour(true, process.env);
    let lines: readonly TerminalLine[] = [{ text: 'asking the daemon' }];
    let seen: readonly TerminalLine[] = [];
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;

    // 0 on a terminal that was told no size, as that of a serial line.
    const columnsOf = (): number => stdout.columns || 80;

    const draw = (): void => {
      if (isOver) return;
      const foot = `q quits; every ${intervalMs / 1000} s`;
      stdout.write(screen(lines, { columns: columnsOf(), rows: stdout.rows || 24 }, isColour, foot));
    };
    const turn = async (): Promise<void> => {
      const asked = await ask();
      lines = linesOf(asked, seen, columnsOf());
      if ('document' in asked) seen = lines;
      draw();
      if (!isOver) timer = setTimeout(() => void turn(), intervalMs);
    };
    const end = (code: number): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      stdin.setRawMode?.(false);
      stdin.pause();
      stdout.off('resize', draw);
      stdout.write(LEAVE, () => resolve(code));
    };
    for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => end(code));
    process.once('exit', () => {
      if (!isOver) stdout.write(LEAVE);
    });
    stdout.write(ENTER);
    stdin.setRawMode?.(true);
    stdin.setEncoding('utf8');
    stdin.on('data', (keys: string) => {
      if ([...keys].some((key) => QUIT.has(key)) || keys === '\u001b') end(EXIT.OK);
    });
    stdin.resume();
    stdout.on('resize', draw);
    draw();
    void turn();
  });

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, ...CLIENT_OPTIONS, interval: { type: 'string', default: '2' } },
  });
  const seconds = /^\d+(\.\d+)?$/.test(values.interval) ? Number(values.interval) : Number.NaN;
  if (!(seconds >= LEAST_INTERVAL_S && seconds <= MOST_INTERVAL_S)) {
    return complain(
      `--interval takes ${LEAST_INTERVAL_S} to ${MOST_INTERVAL_S} seconds, got ${JSON.stringify(values.interval)}`,
      EXIT.USAGE,
    );
  }
  const client = clientFilesOf(values);
  if (typeof client === 'string') return complain(client, EXIT.USAGE);
  const loaded = await loadPolicy(values.config);
  if ('errors' in loaded) {
    for (const error of loaded.errors) complain(error, EXIT.CONFIG);
    return EXIT.CONFIG;
  }
  const ask = (): Promise<Asked> => askStatus(loaded.policy.report, client);
  if (process.stdin.isTTY === true && process.stdout.isTTY === true) {
    // A question that is under way would hold the terminal until the daemon has answered it, or 5 s.
    process.exit(await live(ask, seconds * 1000));
  }
  const asked = await ask();
  if ('failure' in asked) return complain(asked.failure, EXIT.UNAVAILABLE);
  process.stdout.write(
    `${linesOf(asked, [], 0)
      .map(({ text }) => text)
      .join('\n')}\n`,
  );
  return EXIT.OK;
};
