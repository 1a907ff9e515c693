/** Checked settings -> Policy, key by key: the only place that knows both names of a value. */
import type {
  CgroupRule,
  Corrections,
  DetectPolicy,
  HttpPolicy,
  IncidentsPolicy,
  LevelMarks,
  Policy,
  PolicyRule,
  StandbyPolicy,
} from '../core/policy.ts';
import { ABSENT } from '../core/units.ts';
import type { NoticeLists } from './notices.ts';
import type { User, Users } from './passwd.ts';
import { DEFAULT_USER } from './schema/report.ts';
import type { Settings } from './schema.ts';

/** uid and gid of "nobody" where even that is missing: the overflow id of the kernel (/proc/sys/kernel/overflowuid). */
const OVERFLOW_ID = 65_534;

/**
 * The ids that the reporting process drops to, or what is wrong with the name. Without a name the package's own user,
 * else "nobody": a host where the package was not installed must still be able to run the daemon.
 */
export const reporterOf = (name: string | undefined, users: Users): User | string => {
  if (name === undefined) {
    const found = users.byName.get(DEFAULT_USER) ?? users.byName.get('nobody');
    return found ?? { uid: OVERFLOW_ID, gid: OVERFLOW_ID };
  }
  const user = users.byName.get(name);
  if (user !== undefined) {
    return user.uid === 0 ? 'this user is root; name one without privileges, or leave the key out' : user;
  }
  const why = users.fault === '' ? `there is no such user in ${users.file}` : users.fault;
  return `cannot become ${JSON.stringify(name)}: ${why}; create it with "useradd --system", or leave the key out`;
};

const toLevel = (level: Settings['detect']['term']): LevelMarks => ({
  memAvailable: level.mem_available,
  swapFree: level.swap_free,
});

const toDetect = ({ combine, term, kill, forecast, late, thrash }: Settings['detect']): DetectPolicy => ({
  combine,
  term: toLevel(term),
  kill: toLevel(kill),
  thrash: {
    enabled: thrash.enabled,
    windowMs: thrash.window,
    fullPermyriad: thrash.memory_full,
    somePermyriad: thrash.memory_some,
    restoresPerS: thrash.restores,
    memAvailable: thrash.mem_available,
    holdMs: thrash.hold,
  },
  forecastMs: forecast,
  lateMs: late,
});

const toCorrections = (settings: Settings['select']['corrections']): Corrections => ({
  excludeVictims: settings.exclude_victims,
  exitingDoesNotAbort: settings.exiting_does_not_abort,
  originAndVictim: settings.origin_and_victim,
  originAndUnkillable: settings.origin_and_unkillable,
  timers: settings.timers,
  waitAllocatingTask: settings.wait_allocating_task,
});

const toStandby = ({ enabled, after, kills }: Settings['control']['standby']): StandbyPolicy => ({
  enabled,
  afterMs: after,
  kills,
});

const toIncidents = ({ directory, keep, max_size }: Settings['report']['incidents']): IncidentsPolicy => ({
  directory,
  keep,
  maxBytes: max_size * 1024,
});

const toHttp = (http: Settings['report']['http']): HttpPolicy => ({
  tokenFile: http.token_file,
  tlsCert: http.tls_cert,
  tlsKey: http.tls_key,
  clientCa: http.client_ca,
});

/** What is not among the settings. */
export interface Surroundings {
  readonly rules: readonly PolicyRule[];
  readonly cgroups: readonly CgroupRule[];
  readonly notices: NoticeLists;
  readonly reporter: User;
  readonly hash: string;
  readonly files: readonly string[];
}

export const toPolicy = (
  settings: Settings,
  { rules, cgroups, notices, reporter, hash, files }: Surroundings,
): Policy => ({
  mode: settings.mode,
  detect: toDetect(settings.detect),
  stall: {
    enabled: settings.stall.enabled,
    warnAfterMs: settings.stall.warn_after,
    repeatMs: settings.stall.repeat,
  },
  pace: { minMs: settings.pace.min, maxMs: settings.pace.max, fillKiBPerMs: settings.pace.fill_rate },
  select: {
    corrections: toCorrections(settings.select.corrections),
    minimumSize: settings.select.minimum_size,
    rules,
    onlyPid: ABSENT,
  },
  act: {
    scope: settings.act.scope,
    termTimeoutMs: settings.act.term_timeout,
    holdOffMs: settings.act.hold_off,
    victimTimeoutMs: settings.act.victim_timeout,
    futility: settings.act.futility,
    forkStorm: settings.act.fork_storm,
    reap: settings.act.reap,
    killsPerMinute: settings.act.kills_per_minute,
    killsPerHour: settings.act.kills_per_hour,
    sysrqF: settings.act.sysrq_f,
    evidence: settings.act.evidence === 'off' ? '' : settings.act.evidence,
    lastResort: settings.act.last_resort,
    lastResortAfterMs: settings.act.last_resort_after,
    watchdogDevice: settings.act.watchdog_device,
    watchdogTimeoutMs: settings.act.watchdog_timeout,
  },
  cgroups,
  remedies: {
    thawCgroup: settings.remedies.thaw_cgroup,
    thawFileSystem: settings.remedies.thaw_file_system,
    abortFuse: settings.remedies.fuse_abort,
    liftMemoryHigh: settings.remedies.lift_memory_high,
    afterMs: settings.remedies.after,
    memoryHighAfterMs: settings.remedies.memory_high_after,
    memoryHighReserve: settings.remedies.memory_high_reserve,
    perMinute: settings.remedies.per_minute,
  },
  report: {
    listen: settings.report.listen,
    http: toHttp(settings.report.http),
    logLevel: settings.report.log_level,
    logFormat: settings.report.log_format,
    textfile: settings.report.textfile,
    uid: reporter.uid,
    gid: reporter.gid,
    incidents: toIncidents(settings.report.incidents),
    notices: {
      ...notices,
      wall: settings.report.notices.wall,
      atOnce: settings.report.notices.at_once,
      queue: settings.report.notices.queue,
    },
    schedules: {
      summary: settings.report.schedules.summary,
      prune: settings.report.schedules.prune,
      drill: settings.report.schedules.drill,
      selfCheck: settings.report.schedules.self_check,
    },
  },
  control: { socket: settings.control.socket, standby: toStandby(settings.control.standby) },
  hash,
  files,
});
