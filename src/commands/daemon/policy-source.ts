/** Policy for control: asks a one-shot loader process, so that YAML and its library never enter this one. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Policy } from '../../core/policy.ts';

/** One error of the configuration, already worded: "file:line:column path: message". */
export type PolicyResult = { readonly policy: Policy } | { readonly errors: readonly string[] };

const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));

/** A loader that takes longer is stuck on a file system: better the old configuration than none. */
const LOADER_TIMEOUT_MS = 20_000;

interface LoaderAnswer {
  policy?: Policy;
  errors?: readonly { file: string; line: number; column: number; path: string; message: string }[];
}

const parseAnswer = (stdout: string): LoaderAnswer | null => {
  try {
    return JSON.parse(stdout) as LoaderAnswer;
  } catch {
    return null;
  }
};

/** Loads the configuration; never rejects. `configFile` undefined: the default file, which may be missing. */
export const loadPolicy = (configFile: string | undefined): Promise<PolicyResult> =>
  new Promise((resolve) => {
    const args = [MAIN, 'load-config', ...(configFile === undefined ? [] : ['--config', configFile])];
    execFile(
      process.execPath,
      args,
      { timeout: LOADER_TIMEOUT_MS, maxBuffer: 16 * 2 ** 20 },
      (error, stdout, stderr) => {
        const answer = parseAnswer(stdout);
        if (answer?.policy !== undefined) resolve({ policy: answer.policy });
        else if (answer?.errors !== undefined) {
          resolve({ errors: answer.errors.map((e) => `${e.file}:${e.line}:${e.column} ${e.path}: ${e.message}`) });
        } else
          resolve({
            errors: [`config loader failed: ${error?.message ?? 'no answer'} ${stderr.slice(0, 500)}`.trim()],
          });
      },
    );
  });
