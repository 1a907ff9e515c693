/** Writes that the loop never waits for: in order, whole, and bounded, whatever the other end does. */
import { readSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { close } from '../../src/linux/sys/libc.ts';
import { createUnwaited, type UnwaitedIo, writesTo } from '../../src/linux/unwaited.ts';
import { createPipe, until } from '../report/pipe.ts';

const [EAGAIN, ENOMEM, EINVAL] = [11, 12, 22];
const message = (text: string): [Uint8Array, number] => [Buffer.from(text), text.length];

/** A kernel that is told what to answer. */
const createKernel = () => {
  const kernel = {
    written: [] as string[],
    /** Of the call on the other thread. */
    pending: null as null | ((answer?: number) => void),
    mayWait: false,
  };
  const io: UnwaitedIo = {
    now: (bytes, length) => {
      kernel.written.push(Buffer.from(bytes.subarray(0, length)).toString());
      return length;
    },
    begin: (bytes, length, done) => {
      expect(kernel.pending, 'one call at a time').toBeNull();
      kernel.pending = (answer = length) => {
        kernel.pending = null;
        // What is written is what is there when it ends: nobody may have touched it meanwhile.
        if (answer === length) kernel.written.push(Buffer.from(bytes.subarray(0, length)).toString());
        done(answer);
      };
    },
  };
  return { kernel, out: createUnwaited(io, () => kernel.mayWait, 64, 200) };
};

describe('a write', () => {
  it('is made at once while that does not last', () => {
    const { kernel, out } = createKernel();
    kernel.mayWait = true;
    expect(out.write(...message('calm'))).toBe(4);
    expect(kernel.written).toEqual(['calm']);
    expect(out.isWaiting()).toBe(false);
  });

  it('is made by another thread while it may last, and those that follow keep their order, in calm again, too', () => {
    const { kernel, out } = createKernel();
    for (const text of ['one', 'two']) expect(out.write(...message(text))).toBe(3);
    kernel.mayWait = true;
    expect(out.write(...message('three'))).toBe(5);
    expect(kernel.written).toEqual([]);
    expect(out.isWaiting()).toBe(true);
    while (kernel.pending !== null) kernel.pending();
    expect(kernel.written).toEqual(['one', 'two', 'three']);
    out.write(...message('four'));
    expect(kernel.written).toHaveLength(4);
    expect(out.isWaiting()).toBe(false);
  });

  it.each([EAGAIN, ENOMEM])('is tried again with the next one when errno %d kept it out', (errno) => {
    const { kernel, out } = createKernel();
    out.write(...message('one'));
    kernel.pending?.(-errno);
    expect(kernel.pending, 'no busy loop').toBeNull();
    expect(out.isWaiting()).toBe(false);
    out.write(...message('two'));
    while (kernel.pending !== null) kernel.pending();
    expect(kernel.written).toEqual(['one', 'two']);
  });

  it('is given up when the kernel refuses it', () => {
    const { kernel, out } = createKernel();
    for (const text of ['bad', 'good']) out.write(...message(text));
    kernel.pending?.(-EINVAL);
    kernel.pending?.();
    expect(kernel.written).toEqual(['good']);
  });

  it('is refused as a whole where there is no room, and taken again once there is', () => {
    const { kernel, out } = createKernel();
    expect(out.write(new Uint8Array(65), 65), 'longer than any message').toBe(-EAGAIN);
    // One is in the hands of the other thread, and 200 bytes hold two more of 64.
    const answers = ['a', 'b', 'c', 'd', 'e'].map((letter) => out.write(...message(letter.repeat(64))));
    expect(answers).toEqual([64, 64, 64, -EAGAIN, -EAGAIN]);
    kernel.pending?.();
    expect(out.write(...message('f'.repeat(64)))).toBe(64);
    while (kernel.pending !== null) kernel.pending();
    expect(kernel.written.map((text) => text[0]).join('')).toBe('abcf');
  });

  it('comes out as it went in, whatever the lengths and answers', () => {
    const texts = fc.array(fc.tuple(fc.string({ unit: 'grapheme-ascii', maxLength: 64 }), fc.nat(3)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(texts, (steps) => {
        const { kernel, out } = createKernel();
        const taken: string[] = [];
        for (const [text, answers] of steps) {
          if (text !== '' && out.write(...message(text)) === text.length) taken.push(text);
          for (let times = 0; times < answers; times++) kernel.pending?.(times === 1 ? -EAGAIN : undefined);
        }
        void out.drained(1);
        while (kernel.pending !== null) kernel.pending();
        expect(kernel.written).toEqual(taken);
      }),
    );
  });
});

describe('waiting for the end', () => {
  it('is over when all is written, at once when all was, and after its limit', async () => {
    const { kernel, out } = createKernel();
    await out.drained(60_000);
    out.write(...message('late'));
    await out.drained(1);
    const drained = out.drained(60_000);
    kernel.pending?.();
    await drained;
    expect(kernel.written).toEqual(['late']);
  });
});

it('a pipe that blocks holds a thread, not us', async () => {
  // Without O_NONBLOCK: a write(2) waits for as long as the pipe is full.
  const { readFd, writeFd } = createPipe(0);
  const out = createUnwaited(writesTo(writeFd), () => false, 4096, 1 << 18);
  const frame = Buffer.alloc(4096, 7);
  // 16 pages are the pipe's, one is the thread's.
  for (let times = 0; times < 40; times++) expect(out.write(frame, frame.length)).toBe(frame.length);
  await until(() => out.isWaiting());
  const into = Buffer.alloc(1 << 16);
  let read = 0;
  await until(() => {
    try {
      read += readSync(readFd, into);
    } catch (error) {
      // Empty for the moment.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return read === 40 * 4096;
  });
  await out.drained(10_000);
  expect(out.isWaiting()).toBe(false);
  for (const fd of [readFd, writeFd]) close(fd);
});
