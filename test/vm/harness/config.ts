// The one place that knows the daemon's configuration keys; the cases speak of settings.

export interface DaemonSettings {
  /** Default enforce: most cases are about what it does. */
  mode?: 'enforce' | 'observe';
  /** Executables that must never be chosen. */
  protectExe?: string[];
}

export function writeConfigYaml(settings: DaemonSettings): string {
  const lines = [`mode: ${settings.mode ?? 'enforce'}`];
  if (settings.protectExe) {
    lines.push('select:', '  protect:');
    for (const exe of settings.protectExe) lines.push(`    - { exe: ${JSON.stringify(exe)}, reason: "guest test" }`);
  }
  return lines.join('\n');
}
