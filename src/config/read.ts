/** Which files there are, and their texts. Nothing is interpreted here. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Source } from './document.ts';
import type { Problem } from './problem.ts';

export const DEFAULT_CONFIG_FILE = '/etc/oomwatchd/config.yaml';

/** A hundred times the shipped file: more is not a configuration, and the loader must stay small. */
const MAX_BYTES = 2 * 1024 * 1024;

export interface Reading {
  /** In order of precedence, lowest first. */
  readonly sources: readonly Source[];
  readonly problems: readonly Problem[];
}

const about = (file: string, message: string): Problem => ({ file, line: 1, column: 1, path: '', message });

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A pipe or device could keep the daemon waiting at start, so only regular files (and links to them) are read. */
const readText = (file: string, label: string): Source | Problem => {
  const facts = statSync(file);
  if (!facts.isFile()) return about(file, 'is not a regular file; name a file with YAML in it');
  if (facts.size > MAX_BYTES) return about(file, `is larger than ${MAX_BYTES} bytes; is this the right file?`);
  try {
    return { file, label, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) };
  } catch (error) {
    if (codeOf(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    return about(file, 'is not UTF-8; save it as UTF-8');
  }
};

/** Drop-ins of `<file>.d/`, by name: "10-a.yaml" before "50-b.yaml". Files that do not end in .yaml are no drop-ins. */
const dropInNames = (directory: string): string[] | Problem => {
  try {
    return readdirSync(directory)
      .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
      .sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    return about(directory, `the drop-in directory cannot be read: ${wordsOf(error)}`);
  }
};

/**
 * Reads the main file and its drop-ins. A main file that does not exist means the built-in defaults, unless it
 * `mustExist` because somebody named it; any other failure is a problem, so that no setting is lost in silence.
 */
export const readSources = (file: string, mustExist: boolean): Reading => {
  const sources: Source[] = [];
  const problems: Problem[] = [];
  const read = (name: string, label: string, missingAllowed: boolean): void => {
    try {
      const result = readText(name, label);
      if ('text' in result) sources.push(result);
      else problems.push(result);
    } catch (error) {
      const missing = codeOf(error) === 'ENOENT';
      if (missing && missingAllowed) return;
      const remedy = missing ? 'create it, or leave the option out to run on the defaults' : 'see "ls -l" and "id"';
      problems.push(about(name, `cannot be read: ${wordsOf(error)}; ${remedy}`));
    }
  };
  read(file, '', !mustExist);
  const names = dropInNames(`${file}.d`);
  if (!Array.isArray(names)) return { sources, problems: [...problems, names] };
  for (const name of names) {
    const path = `${file}.d/${name}`;
    if (name.endsWith('.yml')) problems.push(about(path, 'drop-ins end in .yaml; rename it, or it would be ignored'));
    else read(path, `${name}:`, false);
  }
  return { sources, problems };
};
