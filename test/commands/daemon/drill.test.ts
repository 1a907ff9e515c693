/** The drill with a real child and real system calls, and with an executor that is refused. */
import { describe, expect, test } from 'vitest';
import { createDrill } from '../../../src/commands/daemon/drill.ts';
import type { SignalIntent } from '../../../src/core/intent.ts';

const clock = { nowMs: () => Math.floor(performance.now()) };
const SLOT = 3;

/** `deed`: what the executor does with the child. */
const drillWith = (
  deed: (pid: number) => { sent: boolean; errno: number },
  { slot = SLOT, isCalm = true } = {},
): { drill: ReturnType<typeof createDrill>; pids: number[]; intents: SignalIntent[] } => {
  const pids: number[] = [];
  const intents: SignalIntent[] = [];
  const know = (pid: number): number => {
    pids.push(pid);
    return slot;
  };
  const signal = (intent: SignalIntent) => {
    intents.push(intent);
    return deed(intent.pid);
  };
  return { drill: createDrill({ index: { know }, clock }, { signal }, () => isCalm), pids, intents };
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const killed = (pid: number) => ({ sent: process.kill(pid, 'SIGKILL'), errno: 0 });

describe('a drill', () => {
  test('kills a child of ours, that one alone, and says so', async () => {
    const { drill, pids, intents } = drillWith(killed);
    const { durationMs, ...rest } = await drill();
    expect(rest).toEqual({ kind: 'drilled', outcome: 'passed', detail: 'child ended by SIGKILL' });
    expect(durationMs).toBeLessThan(5000);
    expect(pids).toHaveLength(1);
    expect(intents).toMatchObject([{ signal: 'KILL', slot: SLOT, pid: pids[0], dryRun: false, company: '' }]);
    expect(isAlive(pids[0] as number)).toBe(false);
  });

  test('that is not allowed to, or cannot know the child, fails and leaves no child', async () => {
    const refused = drillWith(() => ({ sent: false, errno: 1 }));
    expect(await refused.drill()).toMatchObject({ outcome: 'failed', detail: 'pidfd_send_signal: EPERM' });
    const unknown = drillWith(killed, { slot: -1 });
    expect(await unknown.drill()).toMatchObject({ outcome: 'failed', detail: 'the child could not be enrolled' });
    expect(unknown.intents).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const { pids } of [refused, unknown]) expect(isAlive(pids[0] as number)).toBe(false);
  });

  test('whose signal is sent and does nothing fails after five seconds', async () => {
    const { drill } = drillWith(() => ({ sent: true, errno: 0 }));
    expect(await drill()).toMatchObject({ outcome: 'failed', detail: 'the child did not exit in 5 s' });
  });

  test('is put off when the host is not calm, and nothing is started', async () => {
    const { drill, pids } = drillWith(killed, { isCalm: false });
    expect(await drill()).toEqual({ kind: 'drilled', outcome: 'not_calm', durationMs: 0, detail: '' });
    expect(pids).toEqual([]);
  });
});
