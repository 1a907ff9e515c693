import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { emptyMemoryEvents, parseBytes, parseMemoryEvents } from '../../../src/linux/cgroup/control-file.ts';

const bytes = (text: string): [Uint8Array, number] => [Buffer.from(text, 'latin1'), text.length];
const eventsOf = (text: string) => {
  const out = emptyMemoryEvents();
  parseMemoryEvents(...bytes(text), out);
  return out;
};

describe('a file of one number', () => {
  test.each([
    ['41943040\n', 40_960],
    ['0\n', 0],
    ['1023\n', 0],
    ['max\n', ABSENT],
    ['41943040', ABSENT],
    ['', ABSENT],
    ['\n', ABSENT],
    ['-4096\n', ABSENT],
    ['99999999999999999999\n', ABSENT],
  ])('%j is %d KiB', (text, kib) => {
    expect(parseBytes(...bytes(text))).toBe(kib);
  });
});

describe('memory.events', () => {
  it('gives the four counters of 6.1, whatever stands between them', () => {
    const text = 'low 0\nhigh 188\nmax 7\noom 450\noom_kill 3\noom_group_kill 1\nsock_throttled 0\n';
    expect(eventsOf(text)).toEqual({ high: 188, max: 7, oom: 450, oomKill: 3 });
  });

  it('leaves out what is not there, cut off or no number', () => {
    expect(eventsOf('high 1\nmax x\noom 4')).toEqual({ high: 1, max: ABSENT, oom: ABSENT, oomKill: ABSENT });
    expect(eventsOf('')).toEqual({ high: ABSENT, max: ABSENT, oom: ABSENT, oomKill: ABSENT });
    expect(eventsOf('oom\noom_kill\n')).toEqual({ high: ABSENT, max: ABSENT, oom: ABSENT, oomKill: ABSENT });
  });

  it('never throws, and gives whole numbers or none, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (buffer) => {
        const out = emptyMemoryEvents();
        parseMemoryEvents(buffer, buffer.length, out);
        for (const value of [...Object.values(out), parseBytes(buffer, buffer.length)]) {
          expect(value === ABSENT || Number.isSafeInteger(value)).toBe(true);
        }
      }),
    );
  });
});
