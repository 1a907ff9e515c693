// The one place that knows the daemon's configuration keys; the cases speak of settings.

export interface DaemonSettings {
  /** Default enforce: most cases are about what it does. */
  mode?: 'enforce' | 'observe';
  /** Executables that must never be chosen. */
  protectExe?: string[];
  /** Marks far above the memory that the kernel needs: for cases in which nobody may be killed for seconds. */
  wideMarks?: boolean;
  /** Settings of the ladder and of others beside the signals, as they stand below "act:". */
  act?: string[];
  /** Keys of remedies that are on. */
  remedies?: ('thaw_cgroup' | 'thaw_file_system' | 'fuse_abort' | 'lift_memory_high')[];
  /** false: kills also where that cannot end the shortage. */
  futility?: boolean;
  /** Rules for cgroups, each a flow map: "{ cgroup: /lost, oom_loop: true }". */
  cgroups?: string[];
  /** false: no second process. */
  standby?: boolean;
}

/** In MiB, of a guest with 512. */
export const WIDE_KILL_MIB = 64;
export const WIDE_TERM_MIB = 100;

/** The root file system of the guest cannot be written to. */
export const INCIDENTS = '/run/oomwatchd/incidents';

export function writeConfigYaml(settings: DaemonSettings): string {
  const lines = [`mode: ${settings.mode ?? 'enforce'}`];
  if (settings.wideMarks) {
    lines.push('detect:', `  term: { mem_available: ${WIDE_TERM_MIB}MiB }`);
    lines.push(`  kill: { mem_available: ${WIDE_KILL_MIB}MiB }`);
  }
  if (settings.standby === false) lines.push('control: { standby: { enabled: false } }');
  if (settings.remedies) lines.push(`remedies: { ${settings.remedies.map((key) => `${key}: true`).join(', ')} }`);
  const act = [...(settings.futility === false ? ['futility: false'] : []), ...(settings.act ?? [])];
  if (act.length > 0) lines.push('act:', ...act.map((line) => `  ${line}`));
  if (settings.protectExe) {
    lines.push('select:', '  protect:');
    for (const exe of settings.protectExe) lines.push(`    - { exe: ${JSON.stringify(exe)}, reason: "guest test" }`);
  }
  if (settings.cgroups) lines.push('cgroups:', ...settings.cgroups.map((rule) => `  - ${rule}`));
  lines.push(`report: { incidents: { directory: ${INCIDENTS} } }`);
  return lines.join('\n');
}
