/** Compiles the C programs of this folder into a temporary folder, each once a test file. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

let current: string | undefined;

/** A folder of this test file; other users may look into it. */
export const nativeFolder = (): string => {
  if (current === undefined) {
    current = mkdtempSync(join(tmpdir(), 'oomwatchd-native-'));
    chmodSync(current, 0o755);
  }
  return current;
};

/** Path of the compiled program; throws with gcc's complaint. */
export const build = (name: string): string => {
  const program = join(nativeFolder(), name);
  if (!existsSync(program)) {
    const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
    execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-O1', '-pthread', '-o', program, source]);
  }
  return program;
};

/** For afterAll. */
export const removeNative = (): void => {
  if (current !== undefined) rmSync(current, { recursive: true, force: true });
  current = undefined;
};
