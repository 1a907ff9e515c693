/** `oomwatchd restore-adj`: puts oom_score_adj back that a daemon which was killed has left changed. */
import { parseArgs } from 'node:util';
import { EXIT, JOURNAL_PATH } from '../exit.ts';
import { REAL_ROOTS } from '../linux/root.ts';
import { openJournal } from '../linux/steer/journal.ts';
import { putRight } from '../linux/steer/put-right.ts';
import { printable } from '../report/printable.ts';

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: { journal: { type: 'string', default: JOURNAL_PATH } },
  });
  const journal = openJournal(values.journal);
  if (typeof journal === 'string') {
    process.stderr.write(
      `oomwatchd: ${printable(journal, 300)}; a daemon that runs puts back by itself what it has changed\n`,
    );
    return EXIT.UNAVAILABLE;
  }
  try {
    const restored = await putRight(REAL_ROOTS.proc, journal);
    if (restored === null) {
      process.stdout.write('nothing was left changed\n');
      return EXIT.OK;
    }
    const { restored: back, gone, changed, failed } = restored;
    process.stdout.write(
      `put back: ${back}, gone: ${gone}, changed by somebody else meanwhile and left so: ${changed}\n`,
    );
    for (const line of failed) process.stderr.write(`oomwatchd: ${printable(line, 200)}\n`);
    return failed.length === 0 ? EXIT.OK : EXIT.NEGATIVE;
  } finally {
    journal.close();
  }
};
