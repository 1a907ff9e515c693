/** Whether the remedies that policy turns on can work here: the unit's sandbox is read-only where they would write. */
import type { Finding } from '../../core/event.ts';
import type { RemediesPolicy } from '../../core/policy.ts';
import { freezerPointOf } from '../proc/cgroup-mode.ts';
import { installDropIn } from './drop-in.ts';
import { CAPABILITY, type Host, hasCapability, isWritable, ok, warn } from './host.ts';

/** What the key needs and has not, "" when nothing is missing. */
type Missing = (host: Host, can: (path: string) => boolean) => string;

const cgroupsMissing: Missing = ({ mounts, cgroups }, can) =>
  [cgroups.v2Point, freezerPointOf(mounts)]
    .filter((point) => point !== '' && !can(point))
    .map((point) => `${point} is not writable`)
    .join(', ');

const fuseMissing: Missing = (host, can) => {
  const folder = `${host.roots.sys}/fs/fuse/connections`;
  if (!can(folder)) return `${folder} is not mounted, or not writable`;
  return hasCapability(host, CAPABILITY.DAC_OVERRIDE)
    ? ''
    : 'no CAP_DAC_OVERRIDE: files of connections belong to users';
};

const KEYS: readonly (readonly [keyof RemediesPolicy, string, Missing])[] = [
  ['thawCgroup', 'thaw_cgroup', cgroupsMissing],
  [
    'thawFileSystem',
    'thaw_file_system',
    (host) => (hasCapability(host, CAPABILITY.SYS_ADMIN) ? '' : 'no CAP_SYS_ADMIN, which FITHAW asks for'),
  ],
  ['abortFuse', 'fuse_abort', fuseMissing],
  [
    'liftMemoryHigh',
    'lift_memory_high',
    (host, can) => (host.cgroups.v2Point === '' ? 'no cgroup v2' : cgroupsMissing({ ...host, mounts: [] }, can)),
  ],
];

/** One finding for each remedy that is on. */
export const probeRemedies = (remedies: RemediesPolicy, host: Host, can = isWritable): readonly Finding[] =>
  KEYS.filter(([key]) => remedies[key] === true).map(([, name, missingOf]) => {
    const missing = missingOf(host, can);
    return missing === ''
      ? ok(`remedy_${name}`, 'can be done', `remedies.${name} is on`)
      : warn(`remedy_${name}`, missing, `remedies.${name} is on and would be refused`, installDropIn('remedies'));
  });
