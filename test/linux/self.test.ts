import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ABSENT } from '../../src/core/units.ts';
import { ancestorsOf, createOwnRss, lockFileMappings, setOwnOomScoreAdj } from '../../src/linux/self.ts';
import { needs } from '../support/native/skip.ts';

const DIST = new URL('../../dist/linux/self.js', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-self-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script on the built module in a process of its own. */
const run = (script: string, ...flags: string[]) => {
  const code = `import * as self from ${JSON.stringify(DIST)};
import { readFileSync } from 'node:fs';
const lockedKiB = () => Number(/^VmLck:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
${script}`;
  return spawnSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 25_000,
  });
};

describe('lockFileMappings', () => {
  const CHURN = `
let kept = [];
for (let round = 0; round < 300; round++) {
  kept.push(new Array(20_000).fill(round).map((n) => ({ n, text: 'x' + n })));
  if (kept.length > 10) kept = kept.slice(5);
  if (round % 50 === 0) Buffer.alloc(8 << 20, 1);
}
if (globalThis.gc) for (let times = 0; times < 3; times++) gc();
`;

  it('locks the code of this program, and heap and exit go on as ever', (context) => {
    const result = run(
      `const before = lockedKiB();
const result = self.lockFileMappings('/proc');
const after = lockedKiB();
${CHURN}
const again = self.lockFileMappings('/proc');
console.log(JSON.stringify({ before, after, end: lockedKiB(), result, again }));`,
      '--expose-gc',
    );
    expect(result.stderr).toBe('');
    expect(result.signal).toBeNull();
    expect(result.status).toBe(0);
    const { before, after, end, result: first, again } = JSON.parse(result.stdout);
    needs(context, first.errno === 0, `this user may lock only so much: errno ${first.errno}`);
    expect(before).toBe(0);
    expect(after).toBeGreaterThan(20 * 1024);
    expect(first.lockedKiB).toBe(after);
    // Locking is not counted twice, and nothing of the heap was locked along with it.
    expect(again.errno).toBe(0);
    expect(end).toBeLessThan(after + 20 * 1024);
  });

  it('locks nothing but mapped files, and tells the first errno', () => {
    mkdirSync(join(folder, 'self'), { recursive: true });
    const maps = (text: string) => writeFileSync(join(folder, 'self/maps'), text);
    maps('7fff43df3000-7fff43e14000 rw-p 00000000 00:00 0                          [stack]\n');
    expect(lockFileMappings(folder)).toEqual({ lockedKiB: 0, errno: 0 });
    // Page 1 is not mapped in any process.
    maps('1000-2000 r-xp 00000000 fe:00 7                          /usr/bin/node\n'.repeat(2));
    expect(lockFileMappings(folder)).toEqual({ lockedKiB: 0, errno: 12 });
  });

  it('tells the errno, and how much it got, where the limit is low', (context) => {
    needs(context, process.getuid?.() === 0, 'only root can be without a limit, and give it up');
    const script = `process.setgid(65534); process.setuid(65534);
const result = self.lockFileMappings('/proc');
console.log(JSON.stringify({ ...result, shown: lockedKiB() }));`;
    const code = `import * as self from ${JSON.stringify(DIST)}; import { readFileSync } from 'node:fs';
const lockedKiB = () => Number(/^VmLck:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
${script}`;
    const text = execFileSync(
      'sh',
      ['-c', 'ulimit -l 1024; exec "$0" --input-type=module -e "$1"', process.execPath, code],
      { encoding: 'utf8' },
    );
    const { lockedKiB, errno, shown } = JSON.parse(text);
    expect(errno).toBe(12);
    expect(lockedKiB).toBeLessThanOrEqual(1024);
    expect(shown).toBe(lockedKiB);
  });
});

describe('setOwnOomScoreAdj', () => {
  const adj = "Number(readFileSync('/proc/self/oom_score_adj', 'latin1'))";

  it('sets it, and says why not', () => {
    const { stdout } = run(`const said = self.setOwnOomScoreAdj('/proc', 777);
console.log(JSON.stringify([said, ${adj}, self.setOwnOomScoreAdj('/proc', 5000), ${adj}]));`);
    const [said, set, refused, kept] = JSON.parse(stdout);
    expect([said, set, kept]).toEqual([null, 777, 777]);
    expect(refused).toMatch(/EINVAL/);
  });

  it('says EACCES to a user that may not lower it', (context) => {
    needs(context, process.getuid?.() === 0, 'only root can become another user');
    const { stdout } = run(`process.setgid(65534); process.setuid(65534);
console.log(self.setOwnOomScoreAdj('/proc', -1000));`);
    expect(stdout).toMatch(/EACCES/);
  });

  it('says when there is no such file', () => {
    expect(setOwnOomScoreAdj('/no-such-proc', -1000)).toMatch(/ENOENT/);
  });
});

describe('ancestorsOf', () => {
  it('climbs to pid 1', () => {
    const parents = ancestorsOf('/proc', process.pid);
    expect(parents.has(process.ppid)).toBe(true);
    expect(parents.has(1)).toBe(true);
    expect(parents.has(process.pid)).toBe(false);
    expect(parents.has(0)).toBe(false);
  });

  it('is empty for a process that is not there, ends on a circle, and takes no name for a line', () => {
    expect([...ancestorsOf('/proc', 2 ** 22 + 1)]).toEqual([]);
    const parents: readonly (readonly [number, string])[] = [
      [5, 'Name:\tx\\nPPid:\\t66\nPPid:\t6\n'],
      [6, 'Name:\tPPid:\t77\nPPid:\t7\n'],
      [7, 'Name:\tx\nPPid:\t6\n'],
    ];
    for (const [pid, text] of parents) {
      mkdirSync(join(folder, String(pid)));
      writeFileSync(join(folder, `${pid}/status`), text);
    }
    expect([...ancestorsOf(folder, 5)]).toEqual([6, 7]);
  });
});

describe('createOwnRss', () => {
  it('is VmRSS of this process, through one descriptor', () => {
    const read = createOwnRss('/proc', 4);
    const fds = readdirSync('/proc/self/fd').length;
    for (let times = 0; times < 100; times++) read();
    expect(readdirSync('/proc/self/fd')).toHaveLength(fds);
    const shown = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
    expect(Math.abs(read() - shown)).toBeLessThan(8 * 1024);
  });

  it('is ABSENT where statm is not, or makes no sense', () => {
    expect(createOwnRss('/no-such-proc', 4)()).toBe(ABSENT);
    for (const text of ['', 'x', '12', '12 ', '12 x 3\n', '-1 -1\n']) {
      mkdirSync(join(folder, 'self'), { recursive: true });
      writeFileSync(join(folder, 'self/statm'), text);
      expect([text, createOwnRss(folder, 4)()]).toEqual([text, ABSENT]);
    }
    writeFileSync(join(folder, 'self/statm'), '100 25 3 4 0 6 0\n');
    expect(createOwnRss(folder, 4)()).toBe(100);
  });
});
