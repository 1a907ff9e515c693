#!/usr/bin/env node
/** Entry of the bin: argv -> command -> exit code. */
import { COMMANDS, commandUsage, usage } from './cli.ts';
import { EXIT } from './exit.ts';
import { VERSION } from './version.ts';

const say = (text: string): void => {
  process.stdout.write(text);
};

const complain = (text: string): number => {
  process.stderr.write(`oomwatchd: ${text}\n`);
  return EXIT.USAGE;
};

/** Their standard output is a log that the report process writes, or a pipe of ours: it is left alone here. */
const OF_THE_DAEMON = new Set(['run', 'standby', 'load-config']);

/** Whoever reads no more than the beginning (`| head`) has what it wanted: 128 + SIGPIPE, as a C program ends then. */
const endWithReader = (): void => {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(141);
    // A full disk, or a terminal that has gone away.
    process.stderr.write(`oomwatchd: what was asked for could not be written: ${message}\n`);
    process.exit(EXIT.SOFTWARE);
  });
};

const isUsageError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');

const main = async (argv: readonly string[]): Promise<number> => {
  const [name, ...rest] = argv;
  if (name === undefined) {
    process.stderr.write(usage());
    return EXIT.USAGE;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    say(usage());
    return EXIT.OK;
  }
  if (name === '--version' || name === '-V') {
    say(`${VERSION}\n`);
    return EXIT.OK;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) return complain(`unknown command '${name}'; oomwatchd --help lists them`);
  if (rest.includes('--help') || rest.includes('-h')) {
    say(commandUsage(command));
    return EXIT.OK;
  }
  if (rest.includes('--version')) {
    say(`${VERSION}\n`);
    return EXIT.OK;
  }
  if (!OF_THE_DAEMON.has(command.name)) endWithReader();
  try {
    return await (await command.load()).run(rest);
  } catch (error) {
    if (isUsageError(error)) return complain(`${error.message}\nUsage: ${command.synopsis}`);
    throw error;
  }
};

process.exitCode = await main(process.argv.slice(2));
