/** Policies for tests, made the way operators make them. */
import { policyFromSources } from '../../src/config/load.ts';
import type { Users } from '../../src/config/passwd.ts';
import { formatProblem } from '../../src/config/problem.ts';
import type { Policy } from '../../src/core/policy.ts';

/** The users that tests know, whoever is in /etc/passwd of the machine. */
export const TEST_USERS: Users = {
  file: '/etc/passwd',
  fault: '',
  byName: new Map([
    ['root', { uid: 0, gid: 0 }],
    ['postgres', { uid: 70, gid: 71 }],
    ['nobody', { uid: 65534, gid: 65533 }],
  ]),
};

/** The defaults with the YAML text on top, as a main file would set them; throws with all problems of the text. */
export const defaultPolicy = (overrides = ''): Policy => {
  const loaded = policyFromSources([{ file: 'test.yaml', label: '', text: overrides }], TEST_USERS);
  if ('policy' in loaded) return loaded.policy;
  throw new Error(loaded.errors.map(formatProblem).join('\n'));
};
