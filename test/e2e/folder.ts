/** One temporary folder a test, gone afterwards. Open to the reporter, which runs as another user. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let current: string | undefined;

export const folder = (): string => {
  if (current === undefined) {
    current = mkdtempSync(join(tmpdir(), 'oomwatchd-e2e-'));
    chmodSync(current, 0o777);
  }
  return current;
};

/** For afterEach. */
export const removeFolder = (): void => {
  if (current !== undefined) rmSync(current, { recursive: true, force: true });
  current = undefined;
};
