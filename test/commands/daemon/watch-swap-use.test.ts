import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchSwapUse } from '../../../src/commands/daemon/watch-swap-use.ts';
import { emptyObservations } from '../../../src/core/observations.ts';
import { createState, type State } from '../../../src/core/state.ts';
import type { SwapUse } from '../../../src/core/swap-use.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { LEVEL } from '../../../src/core/verdict.ts';

const root = mkdtempSync(join(tmpdir(), 'oomwatchd-swaps-'));
afterAll(() => rmSync(root, { recursive: true }));

const HEADING = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
const has = (text: string): void => writeFileSync(join(root, 'swaps'), text);
const zram = (usedKiB: number): string => `${HEADING}/dev/zram0 partition 1000 ${usedKiB} 100\n`;

let state: State;
beforeEach(() => {
  state = createState(8);
});

const watch = () => {
  const made = watchSwapUse({ roots: { proc: root, sys: '', cgroup: '', kmsg: '' } }, state);
  const take = (): SwapUse => {
    const observed = emptyObservations();
    made.take(observed);
    return observed.swapUse;
  };
  const read = async (nowMs: number): Promise<SwapUse> => {
    made.run(nowMs);
    await vi.waitFor(() => expect(made.isWaiting()).toBe(false));
    return take();
  };
  return { ...made, take, read };
};

describe('where swap lies', () => {
  test('is not known before it was read, and read at once', async () => {
    has(zram(40));
    const { take, read } = watch();
    expect(take()).toEqual({ onDiskKiB: ABSENT, onZramKiB: ABSENT });
    expect(await read(1000)).toEqual({ onDiskKiB: 0, onZramKiB: 40 });
  });

  test('is read again after a minute, near a mark after two seconds, and never in an emergency', async () => {
    has(zram(40));
    const { read } = watch();
    await read(0);
    has(zram(50));
    expect((await read(59_999)).onZramKiB).toBe(40);
    expect((await read(60_000)).onZramKiB).toBe(50);
    has(zram(60));
    state.level = LEVEL.APPROACH;
    expect((await read(61_999)).onZramKiB).toBe(50);
    expect((await read(62_000)).onZramKiB).toBe(60);
    has(zram(70));
    state.level = LEVEL.TERM;
    expect((await read(999_000)).onZramKiB).toBe(60);
  });

  test('stays as it was when it cannot be read, or not be understood', async () => {
    has(zram(40));
    const { read } = watch();
    await read(0);
    has(`${HEADING}what is this\n`);
    expect((await read(60_000)).onZramKiB).toBe(40);
    rmSync(join(root, 'swaps'));
    expect((await read(120_000)).onZramKiB).toBe(40);
  });

  test('is read once at a time', () => {
    has(zram(40));
    const { run, isWaiting } = watch();
    run(0);
    run(60_000);
    expect(isWaiting()).toBe(true);
  });
});
