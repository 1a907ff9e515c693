import { describe, expect, test } from 'vitest';
import { HOLDER_KINDS } from '../../src/core/holder.ts';
import { lineOf } from '../../src/report/wording.ts';
import { holders, stamped } from './events.ts';

const said = (event: typeof holders): string => {
  const { level, msg } = lineOf(stamped(event));
  return `${level}: ${msg}`;
};

describe('memory that no kill returns', () => {
  test('is told with who has it, how much, and what returns it', () => {
    expect(said(holders)).toBe(
      'error: this shortage is of memory that no kill returns, 3.6 GiB in all: ' +
        '3.0 GiB files in the tmpfs /dev/shm (du -ax MOUNT | sort -n | tail tells which; delete or truncate them); ' +
        '512 MiB file without a name, open in "pid 4711 (ja\\nva) memfd:heap" (stop that process, or have it close the file); ' +
        'MemAvailable 48 MiB of 4.0 GiB',
    );
  });

  test('is over', () => {
    expect(said({ ...holders, holders: [] })).toBe(
      'info: memory that no kill returns makes no shortage any more; MemAvailable 48 MiB of 4.0 GiB',
    );
  });

  test.each(HOLDER_KINDS)('of kind %s has words and a remedy', (kind) => {
    const many = Array.from({ length: 6 }, (_, at) => ({ kind, name: `n${at}`, sizeKiB: 1024 }));
    expect(said({ ...holders, holders: many })).toMatch(/1\.0 MiB \w.* n0 \(.{9,}\).* n3 .*; 2 more; MemAvailable/);
  });
});
