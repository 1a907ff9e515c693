/** The oom trace points: their text, reading without waiting, and the instance on a tree of plain files. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import { closeTraceInstance, openTraceInstance } from '../../../src/linux/kernel-log/trace-instance.ts';
import { createTraceReader } from '../../../src/linux/kernel-log/trace-reader.ts';
import { parseTracePipe } from '../../../src/linux/kernel-log/trace-text.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { anyComm, HOSTILE_COMMS } from '../../support/hostile-comm.ts';
import { fakeKmsg } from './records.ts';

const parse = (text: string): KernelEvent[] => {
  const events: KernelEvent[] = [];
  parseTracePipe(text, 42, events);
  return events;
};
const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/oom-reports/${name}.txt`, import.meta.url), 'latin1');
const short = (events: readonly KernelEvent[]): string[] =>
  events.map((event) => ('pid' in event ? `${event.kind} ${event.pid} ${event.comm}` : event.kind));

const REST = ' total-vm=34520kB anon-rss=20180kB file-rss:1532kB shmem-rss:0kB uid=0 pgtables=80kB oom_score_adj=0\n';

describe('the text', () => {
  it('of 6.1 and 6.12, with hostile names', () => {
    expect(short(parse(fixture('trace-6.1')))).toEqual([
      'victim_marked 121 x) total-vm:1kB',
      'reaped 121 ',
      'victim_marked 125 a\nb\\c,pid=1\xff',
      'victim_marked 126 yes',
      'victim_marked 129 init), now anon',
      'victim_marked 130 sleep',
      'victim_marked 131 sleep',
      'victim_marked 132 yes',
      'victim_marked 134 tail',
      'victim_marked 136 tail',
      'victim_marked 138 sleep',
    ]);
    expect(short(parse(fixture('trace-6.12'))).slice(0, 4)).toEqual([
      'victim_marked 171 x) total-vm:1kB',
      'reaped 171 ',
      'victim_marked 175 a\nb\\c,pid=1\xff',
      'reaped 175 ',
    ]);
    expect(parse(fixture('trace-6.12'))).toHaveLength(11);
  });

  it('of older kernels, lost events, and forms that nobody knows', () => {
    const text =
      'mark_victim: pid=7\nskip_task_reaping: pid=7\nCPU:1 [LOST 12 EVENTS]\nCPU:0 [LOST EVENTS]\nmark_victim: pid=8 name=x\nwake_reaper: pid=9\n';
    expect(parse(text)).toEqual([
      { kind: 'victim_marked', pid: 7, comm: '', timeUs: 42, source: 'trace' },
      { kind: 'reap_skipped', pid: 7, comm: '', timeUs: 42, source: 'trace' },
      { kind: 'lost', records: 12, timeUs: 42, source: 'trace' },
      { kind: 'lost', records: 1, timeUs: 42, source: 'trace' },
      { kind: 'victim_marked', pid: 8, comm: '', timeUs: 42, source: 'trace' },
    ]);
  });

  it('gives back any name, and no name forges a line', () => {
    const pieces = [
      '\nmark_victim: p',
      '\nCPU:0 [LOST 9',
      ' total-vm=1kB a',
      '\n',
      '\nfinish_task_re',
      ...HOSTILE_COMMS,
    ];
    const comms = fc.oneof(anyComm, fc.constantFrom(...pieces));
    fc.assert(
      fc.property(fc.array(comms, { minLength: 1, maxLength: 4 }), (names) => {
        const text = names.map((comm, at) => `mark_victim: pid=${at + 100} comm=${comm}${REST}`).join('');
        expect(short(parse(text))).toEqual(names.map((comm, at) => `victim_marked ${at + 100} ${comm}`));
      }),
      { numRuns: 1000 },
    );
  });

  it('cut off anywhere, it names nobody else, and no text makes it throw', () => {
    const text = `mark_victim: pid=4194000 comm=a\nb${REST}finish_task_reaping: pid=4194000\n`;
    for (let length = 0; length < text.length; length++) {
      for (const event of parse(text.slice(0, length))) expect(event).toMatchObject({ pid: 4_194_000 });
    }
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyComm, fc.constantFrom('mark_victim: pid=', '\n', '7'))),
        (words) => void parse(words.join('')),
      ),
    );
  });
});

describe('the reader', () => {
  it('one system call when there is nothing, none when there is no descriptor', () => {
    const io = fakeKmsg();
    createTraceReader(io, 5).read([]);
    expect(io.calls.read).toBe(1);
    createTraceReader(io, -1).read([]);
    expect(io.calls.read).toBe(1);
  });

  it('reads until there is no more, stamps with the clock, and stops at an error', () => {
    const io = fakeKmsg([Buffer.from('mark_victim: pid=7\n'), Buffer.from('mark_victim: pid=8\n'), -5]);
    const reader = createTraceReader(io, 5);
    const events: KernelEvent[] = [];
    reader.read(events);
    expect(events).toMatchObject([{ pid: 7 }, { pid: 8 }]);
    expect(events[0]?.timeUs).toBeCloseTo(Number(process.hrtime.bigint() / 1000n), -7);
    expect(reader.reason()).toBe('trace_pipe: EIO');
    reader.read(events);
    expect(io.calls.read).toBe(3);
  });
});

describe('the instance', () => {
  let sys = '';
  const instances = (): string => `${sys}/kernel/tracing/instances`;
  beforeEach(() => {
    sys = mkdtempSync(join(tmpdir(), 'oomwatchd-trace-'));
  });
  afterEach(() => rmSync(sys, { recursive: true }));

  it('says what is missing', () => {
    expect(openTraceInstance(libc, sys, 7).reason).toContain('not mounted: mount -t tracefs');
    mkdirSync(instances(), { recursive: true });
    expect(openTraceInstance(libc, sys, 7).reason).toContain('events/oom/mark_victim: not in this kernel');
  });

  it('removes what crashed daemons have left, and its own when it fails', () => {
    for (const name of ['oomwatchd-3', 'oomwatchd-x', 'other'])
      mkdirSync(`${instances()}/${name}`, { recursive: true });
    // In use: rmdir is refused, as the kernel does for an open one.
    mkdirSync(`${instances()}/oomwatchd-4/events`, { recursive: true });
    mkdirSync(`${sys}/kernel/tracing/events/oom/mark_victim`, { recursive: true });
    const before = readdirSync('/proc/self/fd').length;
    // A plain folder has no trace_pipe.
    const { fd, reason } = openTraceInstance(libc, sys, 7);
    expect(fd).toBe(-1);
    expect(reason).toBe(
      `${instances()}/oomwatchd-7/trace_pipe: ENOENT: run as root with ${sys}/kernel/tracing writable`,
    );
    expect(readdirSync(instances()).sort()).toEqual(['oomwatchd-4', 'oomwatchd-x', 'other']);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  it('sets buffer, options and events of its own folder alone', () => {
    mkdirSync(instances(), { recursive: true });
    mkdirSync(`${sys}/kernel/tracing/events/oom/mark_victim`, { recursive: true });
    const folder = `${instances()}/oomwatchd-7`;
    // What the kernel puts into a new instance.
    const populate = (path: string): number => {
      for (const point of ['mark_victim', 'finish_task_reaping']) {
        mkdirSync(`${folder}/events/oom/${point}`, { recursive: true });
        writeFileSync(`${folder}/events/oom/${point}/enable`, '0');
      }
      mkdirSync(`${folder}/options`);
      writeFileSync(path, 'mark_victim: pid=7\n');
      return libc.openReadNonBlocking(path);
    };
    const instance = openTraceInstance({ ...libc, openReadNonBlocking: populate }, sys, 7);
    expect(instance).toMatchObject({ folder, reason: '' });
    const text = (file: string): string => readFileSync(`${folder}/${file}`, 'latin1');
    expect(text('options/context-info')).toBe('0');
    expect(Number(text('buffer_size_kb'))).toBeGreaterThan(0);
    expect(text('events/oom/mark_victim/enable')).toBe('1');
    expect(text('events/oom/finish_task_reaping/enable')).toBe('1');
    expect(existsSync(`${folder}/events/oom/skip_task_reaping`)).toBe(false);
    const events: KernelEvent[] = [];
    createTraceReader(libc, instance.fd).read(events);
    expect(events).toMatchObject([{ kind: 'victim_marked', pid: 7 }]);
    const before = readdirSync('/proc/self/fd').length;
    closeTraceInstance(libc, instance);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before - 1);
  });
});
