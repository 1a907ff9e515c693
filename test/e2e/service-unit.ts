/** systemd/oomwatchd.service as its settings, so that tests run the daemon the way the unit does. */
import { readFileSync } from 'node:fs';

const UNIT = new URL('../../systemd/oomwatchd.service', import.meta.url);

/** Setting -> its values in order; the prefix of every directive is what systemd.syntax(7) calls an assignment. */
export const readUnit = (): Map<string, string[]> => {
  const settings = new Map<string, string[]>();
  for (const line of readFileSync(UNIT, 'utf8').split('\n')) {
    const [, name, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
};

/** The one value of a setting. */
const settingOf = (name: string): string => {
  const [value, ...others] = readUnit().get(name) ?? [];
  if (value === undefined || others.length > 0) throw new Error(`${name}= is not there exactly once`);
  return value;
};

/** What ExecStart= puts between node and the program. */
export const nodeFlags = (): string[] =>
  settingOf('ExecStart')
    .split(' ')
    .filter((word) => word.startsWith('--'));
