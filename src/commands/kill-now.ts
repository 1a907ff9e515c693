/** `oomwatchd kill-now`: a forced selection, the manual SysRq-f with the six corrections, through the running daemon. */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { REASON_CHARACTERS } from '../control/forced-request.ts';
import { FORCED_OUTCOMES } from '../core/event.ts';
import type { ForcedAnswer, ForcedRequest } from '../core/forced.ts';
import { EXIT } from '../exit.ts';
import { forcedWords } from '../report/dying-wording.ts';
import { printable } from '../report/printable.ts';
import { who } from '../report/sentence.ts';
import { correctionWords } from '../report/shortage-wording.ts';
import { loadPolicy } from './daemon/policy-source.ts';

/** A loop that thrashes is late by a second or two; one that is later than this is better asked by SIGUSR2. */
const ANSWER_MS = 10_000;
const ANSWER_BYTES = 2 ** 16;

/** What came of asking: a line of JSON, or why there is none. */
type Reply = { readonly line: string } | { readonly failure: string };

const failureWords = (code: string, path: string): string => {
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no daemon listens at ${path} (${code}); start it with "systemctl start oomwatchd", or name its configuration with --config`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be opened by this user (${code}); who may is its owner: ls -l ${path}, by default root`;
    default:
      return `asking the daemon at ${path} failed with ${code}; kill -USR2 its pid asks without the socket`;
  }
};

const ask = (path: string, request: string): Promise<Reply> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    const end = (reply: Reply): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => {
      const late = `no answer from ${path} within ${ANSWER_MS / 1000} s; it may act all the same: see its log`;
      end({ failure: late });
    }, ANSWER_MS);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${request}\n`));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const newline = text.indexOf('\n');
      if (newline >= 0) end({ line: text.slice(0, newline) });
      else if (text.length > ANSWER_BYTES)
        end({ failure: `what listens at ${path} is no oomwatchd: its answer does not end` });
    });
    socket.on('end', () => end({ failure: `the daemon at ${path} ended without an answer; see its log` }));
    socket.on('error', ({ code = 'an error' }: NodeJS.ErrnoException) => end({ failure: failureWords(code, path) }));
  });

const parseAnswer = (line: string): ForcedAnswer | { readonly error: string } | null => {
  try {
    const answer = JSON.parse(line);
    const isAnswer = FORCED_OUTCOMES.includes(answer?.outcome) || typeof answer?.error === 'string';
    return isAnswer ? answer : null;
  } catch {
    // Whatever listens there speaks another language.
    return null;
  }
};

const DONE: readonly ForcedAnswer['outcome'][] = ['signalled', 'observed', 'pressed'];

/** The answer for a person: who and why, who goes along, what the corrections did. */
const answerText = ({ outcome, victim, company, corrections, detail }: ForcedAnswer): string => {
  const chosen = victim === null ? '' : who(victim);
  // Where the kernel chooses, it need not be ours.
  const why =
    victim === null || outcome === 'pressed' || outcome === 'not_pressed'
      ? ''
      : `  first of all candidates: badness ${Math.round(victim.badnessPages)} pages, oom_score_adj ${victim.oomScoreAdj}\n`;
  const along = company.length === 0 ? '' : `  along with it: pid ${company.join(', ')}\n`;
  const told = corrections.map((facts) => `  ${correctionWords(facts)}\n`).join('');
  return `${forcedWords(chosen, outcome, detail)}\n${why}${along}${told}`;
};

const complain = (text: string, code: number): number => {
  process.stderr.write(`oomwatchd: ${text}\n`);
  return code;
};

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
      observe: { type: 'boolean', default: false },
      reason: { type: 'string', default: '' },
      'sysrq-f': { type: 'boolean', default: false },
    },
  });
  const { reason, observe, 'sysrq-f': sysrq } = values;
  if (reason.length > REASON_CHARACTERS) {
    return complain(`--reason takes at most ${REASON_CHARACTERS} characters, got ${reason.length}`, EXIT.USAGE);
  }
  const loaded = await loadPolicy(values.config);
  if ('errors' in loaded) {
    for (const error of loaded.errors) complain(error, EXIT.CONFIG);
    return EXIT.CONFIG;
  }
  const path = loaded.policy.control.socket;
  if (path === 'off') {
    return complain(
      'control.socket is "off": set a path and restart the daemon, or kill -USR2 its pid',
      EXIT.UNAVAILABLE,
    );
  }
  const request: Omit<ForcedRequest, 'by'> = { reason, observe, sysrq };
  const reply = await ask(path, JSON.stringify(request));
  if ('failure' in reply) return complain(reply.failure, EXIT.UNAVAILABLE);
  const answer = parseAnswer(reply.line);
  if (answer === null) {
    return complain(`what listens at ${path} is no oomwatchd: ${printable(reply.line)}`, EXIT.UNAVAILABLE);
  }
  if ('error' in answer) return complain(`the daemon refused: ${printable(answer.error, 400)}`, EXIT.NEGATIVE);
  process.stdout.write(values.json ? `${reply.line}\n` : answerText(answer));
  return DONE.includes(answer.outcome) ? EXIT.OK : EXIT.NEGATIVE;
};
