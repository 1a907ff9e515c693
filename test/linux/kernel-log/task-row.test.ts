import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emptyKmsgRecord, isTaskRow, parseKmsgRecord } from '../../../src/linux/kernel-log/kmsg-record.ts';
import { eventsOf, recordOf } from './records.ts';

const isRow = (text: string): boolean => {
  const record = emptyKmsgRecord();
  const bytes = recordOf(text);
  expect(parseKmsgRecord(bytes, bytes.length, record)).toBe(true);
  return isTaskRow(bytes, record);
};

const CORPUS = ['kmsg-6.1.txt', 'kmsg-6.12.txt', 'retold.txt'].map((name) =>
  readFileSync(new URL(`../../fixtures/oom-reports/${name}`, import.meta.url), 'latin1'),
);

describe('a row of the task dump', () => {
  it.each([
    ['6.1', '[    177]     0   177      993       16    45056        0             0 judge'],
    ['6.1, -1000', '[    104]     0   104   401070    12885   778240        0         -1000 node'],
    ['3.10', '[ 1234]     0  1234     4823       53      15        0             0 sshd'],
    [
      '6.12',
      '[    101]     0   101     1079      480      128      352         0    45056        0             0 agent',
    ],
    ['a name of blanks', '[    177]     0   177      993       16    45056        0             0   '],
  ])('%s', (_, text) => {
    expect(isRow(text)).toBe(true);
  });

  it.each([
    ['its heading', '[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name'],
    ['a number missing', '[    177]     0   177      993       16    45056        0  judge'],
    ['no pid', '[]     0   177      993       16    45056        0    0 judge'],
    ['a name that looks like one', '[1] 2 3 4 5 6 7 invoked oom-killer: gfp_mask=0x140dca, order=0, oom_score_adj=0'],
    ['a frame', '[<ffffffff810bf7a6>] ? 1 2 3 4 5 6 7'],
    ['nothing', ''],
  ])('not: %s', (_, text) => {
    expect(isRow(text)).toBe(false);
  });

  it('a process cannot hide a line of the killer behind a name like one', () => {
    const text = '[1] 2 3 4 5 6 7 invoked oom-killer: gfp_mask=0x140dca(GFP_KERNEL), order=-1, oom_score_adj=0';
    expect(eventsOf([recordOf(text)])).toMatchObject([{ kind: 'invoked', order: -1 }]);
  });

  it('every row of the captured reports is seen', () => {
    for (const text of CORPUS) {
      const rows = text.split('\n').filter((line) => /^[^;]*;\[ *\d+\]/.test(line));
      const seen = rows.filter((line) => isRow(line.slice(line.indexOf(';') + 1)));
      expect(seen.length).toBe(rows.length);
    }
  });
});
